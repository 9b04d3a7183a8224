import type { Clock } from "../clock.js";
import { unavailable } from "../errors.js";
import { freshName } from "../random.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import type { Ask } from "./ask.js";
import { EVER, type Ledger, type Numbers } from "./ledger.js";
import { countUpTo, placeIn, readState } from "./pools.js";
import { createRecall, deliver } from "./recall.js";

export type Replenish = {
  /**
   * Gets numbers for a shard that has none that can go: free ones, else unspent ones of other shards. Where there are none
   * anywhere, all shards are told so. Afterwards the draw is decided again. Rejects with UNAVAILABLE.
   */
  get(asks: Ask[], date: string): Promise<void>;
  /** The same for numbers that run low, where free ones are left. Never rejects. */
  prefetch(asks: Ask[], date: string): void;
};

/** How time goes for whoever waits, in milliseconds. */
export type Waiting = {
  now(): number;
  pause(milliseconds: number): Promise<void>;
};

export const byMachine: Waiting = {
  now: () => performance.now(),
  pause: (milliseconds) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** After so long the server that moved numbers counts as gone. A statement and a command take at most a second each. */
const LEASE_SECONDS = 6;

/** How long numbers are looked for; how often, where another server moves them. */
const PATIENCE_MS = 1_500;
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 160;

export function createReplenish(
  parts: {
    redis: Redis;
    ledger: Ledger;
    clock: Pick<Clock, "now">;
    campaign: string;
    shard: number;
    /** the keys of all shards */
    everywhere: Keys[];
    /** reads the numbers of this shard anew */
    reload: (date: string) => Promise<void>;
  } & Waiting,
): Replenish {
  const { redis, ledger, clock, campaign, shard, everywhere, reload } = parts;
  const { now, pause } = parts;
  const recall = createRecall({ redis, ledger, clock, everywhere });
  const underWay = new Map<string, Promise<void>>();

  function once(ask: Ask, date: string): Promise<void> {
    const name = `${ask.prize_id} ${ask.pool} ${date} ${ask.urgent}`;
    const known = underWay.get(name);
    if (known) return known;
    const work = replenish(ask, date).finally(() => underWay.delete(name));
    underWay.set(name, work);
    return work;
  }

  async function replenish(ask: Ask, date: string): Promise<void> {
    const own = placeIn(everywhere[shard] as Keys, ask.pool, date);
    const { prize_id, most } = ask;
    const numbers: Numbers = {
      campaign,
      prize_id,
      date: ask.pool === "ever" ? EVER : date,
    };
    const holder = freshName();
    const end = now() + PATIENCE_MS;
    let { rights, granted } = ask;
    let isHolder = false;
    let rest = SHORTEST_PAUSE_MS;
    try {
      for (;;) {
        const grant = await ledger.grant(numbers, {
          ...{ shard, rights, granted, most },
        });
        if (grant === "stale") return await reload(date);
        if (grant !== null) {
          await deliver(redis, clock, own, { rights, prize_id, grant });
          return;
        }
        if (!ask.urgent) return;
        isHolder = await ledger.lease(numbers, holder, LEASE_SECONDS);
        if (isHolder) {
          if (!(await recall(ask, numbers, { date, mover: holder }))) return;
        } else {
          await pause(rest);
          rest = Math.min(2 * rest, LONGEST_PAUSE_MS);
        }
        if (now() > end) throw unavailable(new Error("no numbers in time"));
        const state = await readState(redis, own.counters, prize_id);
        if (countUpTo(state.units, most) > 0) return;
        if (most >= 0 && state.gone >= most) return;
        ({ rights, granted } = state);
      }
    } finally {
      // Whoever waits need not wait until it expires.
      if (isHolder) await ledger.lease(numbers, holder, 0).catch(() => {});
    }
  }

  return {
    get: async (asks, date) => {
      for (const ask of asks) await once(ask, date);
    },
    prefetch: (asks, date) => {
      for (const ask of asks) once(ask, date).catch(() => {});
    },
  };
}
