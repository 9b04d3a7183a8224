import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Day } from "../../clock.js";
import type { Decision, Draw } from "../../engine/draw.js";
import { evaluate } from "../../engine/script.js";
import { unavailable } from "../../errors.js";
import { rulesOf, type Scope } from "../../prizes/campaign.js";
import { newEpoch } from "../../prizes/epoch.js";
import { putTable } from "../../prizes/in-force.js";
import { putMoments } from "../../prizes/moments.js";
import type { Row, Table } from "../../prizes/table.js";
import { nameAttempt, type Random } from "../../random.js";
import { type Keys, simulationKeys } from "../../stores/keys.js";
import { type Redis, replies } from "../../stores/redis.js";
import { createTally, type Tally } from "./tally.js";

/** Draws per EVALSHA: fewer than real ones, which must not wait long behind them. */
const LARGEST_BATCH = 128;

/** How long to leave Redis to others after each batch, in times that the batch took. */
const PAUSE_FACTOR = 3;

/** How often to tell how far it is, in milliseconds. */
const TELL_EVERY_MS = 100;

/** Seconds after which the keys go by themselves, should nobody be left to remove them. */
const LIFE_S = 600;

export type Simulation = {
  table: Table;
  /** units taken of each prize, ever */
  taken: (id: string) => number;
  draws: number;
};

export type Step =
  | { progress: { draws: number; of: number } }
  | { end: ReturnType<Tally["end"]> };

/**
 * A day with so many draws, by the real scripts on keys of its own, evenly from its begin to its end: each user draws as often
 * as the campaign lets them, and nothing is taken today yet.
 * Rejects with UNAVAILABLE, and with the signal's reason. Whichever way it ends, its keys are gone then.
 */
export async function* simulate(
  { scope, random }: { scope: Scope; random: Random },
  { table, taken, draws }: Simulation,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const { redis, clock } = scope;
  const keys = simulationKeys(randomUUID());
  // Whatever its dates and shards: what would a whole day of it give?
  const whole = { active: true, starts_at: null, ends_at: null, shards: 1 };
  const campaign = { ...scope.held.campaign, ...whole };
  const limited = campaign.wins_per_user !== null;
  const perUser = campaign.draws_per_day;
  const expiresAt = Math.floor(clock.now() / 1_000) + LIFE_S;
  const day = { ...clock.today(), expiresAt };
  const rows = table.listing.map(({ id }) => ({
    id,
    unit: String(taken(id)),
    day_unit: "0",
  }));
  const { prizes, outbox } = keys;
  const open = [prizes, keys.taken, outbox, keys.pending, keys.moments];
  open.push(keys.takenToday(day.date));
  const tally = createTally(table, taken, draws);
  try {
    await expireFirst(redis, keys);
    const now = clock.now();
    const known = { next: newEpoch(now) };
    const agreed = { identity: "simulation", timeZone: "" };
    const rules = rulesOf(campaign);
    const windows = (prize: Release) => ({
      [day.date]: windowOf(scope, day, prize),
    });
    const put = { rows, table, day, isToday: true, agreed, known, now };
    const answer = await putTable(redis, keys, { ...put, rules, windows });
    if (table.listing.some((prize) => prize.has_moments)) {
      const at = { version: table.version };
      await putMoments({ ...scope, keys, shard: undefined }, at, now);
      await replies(redis.multi().expire(keys.moments, LIFE_S));
    }
    const beginsAt = clock.day(day.before).endsAt;
    const epoch = "epoch" in answer ? answer.epoch : "";
    const mark = { epoch, server: "simulation", batches: 0 };
    const largest = LARGEST_BATCH - (LARGEST_BATCH % perUser);
    let told = 0;
    for (let done = 0; done < draws; ) {
      if (signal.aborted) throw signal.reason;
      const size = Math.min(largest, draws - done);
      const batch = drawsFrom({ first: done, size, perUser }, day, random);
      const players = batch.flatMap(({ user_id }) => [
        keys.players(day.date, user_id),
        ...(limited ? [keys.winsEver(user_id)] : []),
      ]);
      open.push(...players);
      const began = performance.now();
      // In the middle of those that the batch stands for.
      const share = (done + size / 2) / draws;
      const simulated = beginsAt + share * (day.endsAt - beginsAt);
      const at = { day, mark, now: simulated, limited };
      const decided = await evaluate(redis, keys, at, batch);
      if (typeof decided === "string") {
        throw unavailable(new Error("the simulation's keys have expired"));
      }
      const { decisions } = decided;
      await forget(redis, players, outbox, decisions);
      const now = performance.now();
      open.length -= players.length;
      done += size;
      for (const decision of decisions) tally.add(prizeOf(decision));
      if (now - told > TELL_EVERY_MS) {
        told = now;
        yield { progress: { draws: done, of: draws } };
      }
      await pause(PAUSE_FACTOR * (now - began));
    }
    yield { end: tally.end() };
  } finally {
    await forget(redis, open).catch(() => {});
  }
}

type Release = Pick<Row, "release_from" | "release_to">;

function windowOf(
  { clock }: Scope,
  { date }: Day,
  { release_from, release_to }: Release,
): [number, number] {
  const at = (time: string | null) => clock.momentOf(date, time ?? "00:00:00");
  return [at(release_from), at(release_to)];
}

function drawsFrom(
  { first, size, perUser }: { first: number; size: number; perUser: number },
  { date: draw_date }: Day,
  random: Random,
): Draw[] {
  return Array.from({ length: size }, (_, n) => {
    const attempt = nameAttempt(undefined);
    const [roll, id] = [random.roll(), random.id(attempt)];
    const user_id = String(Math.floor((first + n) / perUser));
    return { user_id, draw_date, attempt, keyed: false, roll, id, refused: "" };
  });
}

function prizeOf(decision: Decision): string | undefined {
  if (decision.outcome === "won") return decision.win.prize_id;
  if (decision.outcome === "no_prize") return undefined;
  throw new Error(`a first draw was ${decision.outcome}`);
}

/** Makes the keys that the scripts give no expiry, with one: no kill in between leaves them for ever. */
async function expireFirst(redis: Redis, keys: Keys): Promise<void> {
  await replies(
    redis
      .multi()
      .hset(keys.prizes, "listing", "[]")
      .hset(keys.taken, "@draws", 0)
      .xadd(keys.outbox, "*", "wins", "")
      .expire(keys.prizes, LIFE_S)
      .expire(keys.taken, LIFE_S)
      .expire(keys.outbox, LIFE_S),
  );
}

/** Removes keys, and the decisions' wins from the outbox, by commands that the service uses anyway. */
async function forget(
  redis: Redis,
  names: string[],
  outbox = "",
  decisions: Decision[] = [],
): Promise<void> {
  const removing = redis.pipeline();
  for (const name of names) removing.expire(name, 0);
  const won = decisions.find((it) => it.outcome === "won");
  if (won) removing.xdel(outbox, won.win.entry.id);
  await replies(removing);
}
