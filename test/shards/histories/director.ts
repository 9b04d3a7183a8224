import { setImmediate as turn } from "node:timers/promises";

/** Numbers from a seed, from 0 to below 1. */
export function createDice(seed: number) {
  let state = seed >>> 0;
  const roll = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let n = Math.imul(state ^ (state >>> 15), state | 1);
    n ^= n + Math.imul(n ^ (n >>> 7), n | 61);
    return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    happens: (chance: number) => roll() < chance,
    upTo: (count: number) => Math.floor(roll() * count),
    pick: <T>(items: T[]): T => items[Math.floor(roll() * items.length)] as T,
  };
}

export type Dice = ReturnType<typeof createDice>;

/** As ioredis says it. */
export const CLOSED = "Connection is closed.";

/** A process that may be killed: what it asked for may still happen, and it learns nothing of it. */
export type Actor = { alive: boolean };

/** Something that an actor asked of a store, or a pause of its own. */
type Deed = {
  actor: Actor;
  store: string;
  due: number;
  run: () => Promise<unknown>;
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
};

/**
 * Decides what happens next: of all that was asked of stores, one thing at a time, in any order, with delays, lost questions,
 * lost answers, stores that can't be reached and killed processes. Its time goes on by its own steps.
 */
export function createDirector(dice: Dice) {
  const begun = Date.parse("2099-11-22T12:00:00Z"); // one day, whenever it is played
  let passed = 0;
  let deeds: Deed[] = [];
  const away = new Set<string>();
  const unheard: ((error: Error) => void)[] = []; // what killed processes wait for
  let isOver = false;
  let isStormy = true;

  const now = () => begun + passed;

  function perform<T>(
    actor: Actor,
    store: string,
    run: () => Promise<T>,
    delay = 0,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!actor.alive) {
        if (isOver) reject(new Error(CLOSED));
        else unheard.push(reject);
        return;
      }
      const done = resolve as (answer: unknown) => void;
      const due = now() + delay;
      deeds.push({ actor, store, due, run, resolve: done, reject });
    });
  }

  /** Lets one thing happen. Returns whether there was one. */
  async function step(): Promise<boolean> {
    for (let n = 0; n < 4; n += 1) await turn();
    passed += dice.upTo(isStormy ? 20 : 3);
    if (deeds.length === 0) return false;
    let ready = deeds.filter(({ due }) => due <= now());
    if (ready.length === 0) {
      passed = Math.min(...deeds.map(({ due }) => due)) - begun;
      ready = deeds.filter(({ due }) => due <= now());
    }
    const deed = dice.pick(ready);
    deeds.splice(deeds.indexOf(deed), 1);
    await end(deed);
    return true;
  }

  async function end({ actor, store, run, resolve, reject }: Deed) {
    const isLost = isStormy && dice.happens(0.015);
    if (away.has(store) || (isLost && dice.happens(0.5))) {
      return reject(new Error(CLOSED));
    }
    try {
      const answer = await run();
      if (!actor.alive) return;
      if (isLost) reject(new Error(CLOSED));
      else resolve(answer);
    } catch (error) {
      reject(error);
    }
  }

  return {
    now,
    perform,
    step,
    pause: (actor: Actor, milliseconds: number) =>
      perform(actor, "time", async () => {}, milliseconds),
    /** Half of what a killed process has asked for happens all the same. */
    kill(actor: Actor) {
      actor.alive = false;
      for (const deed of deeds) {
        if (deed.actor === actor) unheard.push(deed.reject);
      }
      deeds = deeds.filter((deed) => deed.actor !== actor || dice.happens(0.5));
    },
    /** Ends what killed processes wait for: a batch that never ends keeps its timer, and that the test's process. */
    end() {
      isOver = true;
      for (const reject of unheard.splice(0)) reject(new Error(CLOSED));
    },
    /** All that is under way to a store is lost, some of it after it happened. */
    async cut(store: string) {
      const lost = deeds.filter((deed) => deed.store === store);
      deeds = deeds.filter((deed) => deed.store !== store);
      for (const { run, reject } of lost) {
        if (dice.happens(0.3)) await run().catch(() => {});
        reject(new Error(CLOSED));
      }
    },
    setAway: (store: string, isAway: boolean) => {
      if (isAway) away.add(store);
      else away.delete(store);
    },
    isAway: (store: string) => away.has(store),
    calm: () => {
      isStormy = false;
      away.clear();
    },
    wait: (milliseconds: number) => {
      passed += milliseconds;
    },
  };
}

export type Director = ReturnType<typeof createDirector>;
