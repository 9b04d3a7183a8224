import { inParallel } from "../support/in-parallel.js";
import { type Entry, read, send } from "./journal.js";
import type { Step } from "./schedule.js";

export type Clients = {
  journal: Entry[];
  /** milliseconds since the run began */
  now(): number;
  /** Ends the load once the requests under way have their answers. */
  stop(): Promise<void>;
  /** One draw of a user, without a key. */
  ask(user: { name: string; campaign: string }, slot: number): Promise<Entry>;
  /** Has everybody whose last draw went unanswered ask again until an answer comes, and those named. */
  askAgain(others: Set<string>): Promise<number>;
};

/** How many clients ask at a time, and how long each one rests before it asks again. */
const WIDTH = 24;
const REST = 15;

type User = {
  name: string;
  campaign: string;
  key: string | undefined;
  slot: number;
};

/** Load that goes on through everything, and the journal of all requests and answers. */
export function startClients(
  slots: { n: number; url: string }[],
  steps: Step[],
  campaignOf: (pick: number) => string,
): Clients {
  const journal: Entry[] = [];
  const users: User[] = [];
  const wins = new Map<string, { user: string; id: string }>();
  const began = performance.now();
  const now = () => performance.now() - began;
  const loose = new Map<string, User>(); // users whose last draw has no decided answer
  let going = true;
  let count = 0;

  async function draw(user: User, slot: number): Promise<Entry> {
    const url = `${slots[slot]?.url}/draw`;
    const at = now();
    const { name: username, campaign } = user;
    const answer = await send(url, { username, campaign }, user.key);
    const entry: Entry = {
      act: "draw",
      user: user.name,
      campaign,
      key: user.key,
      slot,
      at,
      took: now() - at,
      ...read(answer),
    };
    journal.push(entry);
    if (entry.status !== 200) loose.set(user.name, user);
    else loose.delete(user.name);
    if (entry.id) wins.set(entry.id, { user: user.name, id: entry.id });
    return entry;
  }

  async function redeem(pick: number, slot: number, rightful: boolean) {
    const all = [...wins.values()];
    const win = all[pick % Math.max(all.length, 1)];
    if (!win) return;
    const username = rightful ? win.user : `not ${win.user}`;
    const phone_no = `+8529${String(1_000_000 + (pick % 7)).padStart(7, "0")}`;
    const at = now();
    const payload = { id: win.id, username, phone_no };
    const answer = await send(`${slots[slot]?.url}/redeem`, payload);
    const { status, what, id, prize } = read(answer);
    const campaign = "default";
    const entry = {
      act: "redeem" as const,
      ...{ user: username, campaign, key: undefined },
    };
    const result = { status, what, id, prize };
    journal.push({ ...entry, slot, at, took: now() - at, ...result });
  }

  /** A user never seen before, or one of the last thousand. */
  function userOf({ act, keyed, pick }: Step): User {
    const known = users[users.length - 1 - (pick % 1_000)];
    if (act === "again" && known) {
      // The same key, another one, or none.
      const key = [known.key, `other ${pick}`.replace(" ", "-"), undefined];
      return { ...known, key: key[pick % 3] };
    }
    const name = `user ${users.length}`;
    const key = keyed ? `key-${users.length}` : undefined;
    const campaign = campaignOf(pick);
    const user = { name, campaign, key, slot: pick % slots.length };
    users.push(user);
    return user;
  }

  async function act(step: Step): Promise<void> {
    const slot = step.pick % slots.length;
    if (step.act === "redeem") return redeem(step.pick, slot, true);
    if (step.act === "redeem another's") return redeem(step.pick, slot, false);
    // Whoever got no answer asks again soon, somewhere else.
    const waiting = step.pick % 4 === 0 ? loose.values().next().value : null;
    if (waiting) {
      loose.delete(waiting.name);
      await draw(waiting, slot);
      return;
    }
    const user = userOf(step);
    const places = step.act === "at once" ? slots.map(({ n }) => n) : [slot];
    await Promise.all(places.map((place) => draw(user, place)));
  }

  async function lane(): Promise<void> {
    while (going) {
      count += 1;
      await act(steps[count % steps.length] as Step);
      await new Promise((resolve) => setTimeout(resolve, REST));
    }
  }

  async function askAgain(others: Set<string>): Promise<number> {
    const all = users.filter(({ name }) => loose.has(name) || others.has(name));
    await inParallel(all, WIDTH, async (user) => {
      for (let tries = 0; tries < 50; tries += 1) {
        const { status } = await draw(user, tries % slots.length);
        if (status === 200) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    return all.length;
  }

  const lanes = Array.from({ length: WIDTH }, lane);
  const stop = async () => {
    going = false;
    await Promise.all(lanes);
  };
  const ask = (user: { name: string; campaign: string }, slot: number) =>
    draw({ ...user, key: undefined, slot }, slot);
  return { journal, now, stop, ask, askAgain };
}
