import { unavailable } from "../errors.js";
import { freshName } from "../random.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import type { Ask } from "./ask.js";
import { EVER, type Ledger, type Numbers, type Stretch } from "./ledger.js";
import { countUpTo, parseStretches, readState, type State } from "./pools.js";

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

/** What a shard has, or that it can't be asked. */
type Seen = { shard: number; counters: string; state: State | undefined };

export function createReplenish(
  parts: {
    redis: Redis;
    ledger: Ledger;
    campaign: string;
    shard: number;
    /** the keys of all shards */
    everywhere: Keys[];
    /** reads the numbers of this shard anew */
    reload: (date: string) => Promise<void>;
  } & Waiting,
): Replenish {
  const { redis, ledger, campaign, shard, everywhere, reload } = parts;
  const { now, pause } = parts;
  const underWay = new Map<string, Promise<void>>();

  const countersOf = (keys: Keys, pool: Ask["pool"], date: string) =>
    pool === "ever" ? keys.taken : keys.takenToday(date);

  function once(ask: Ask, date: string): Promise<void> {
    const name = `${ask.prize_id} ${ask.pool} ${date} ${ask.urgent}`;
    const known = underWay.get(name);
    if (known) return known;
    const work = replenish(ask, date).finally(() => underWay.delete(name));
    underWay.set(name, work);
    return work;
  }

  async function replenish(ask: Ask, date: string): Promise<void> {
    const own = countersOf(everywhere[shard] as Keys, ask.pool, date);
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
          await put(own, { rights, prize_id, grant });
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
        const state = await readState(redis, own, prize_id);
        if (countUpTo(state.units, most) > 0) return;
        if (most >= 0 && state.gone >= most) return;
        ({ rights, granted } = state);
      }
    } finally {
      // Whoever waits need not wait until it expires.
      if (isHolder) await ledger.lease(numbers, holder, 0).catch(() => {});
    }
  }

  async function put(
    counters: string,
    of: {
      rights: string;
      prize_id: string;
      grant: { granted: number; units: Stretch[] };
    },
  ): Promise<unknown> {
    const { rights, prize_id, grant } = of;
    const head = [rights, prize_id, grant.granted];
    return redis
      .grant(1, counters, ...head, ...grant.units.flat())
      .catch(refuse);
  }

  /**
   * Makes numbers free that another shard holds and has not spent. Only the holder of the lease does it. Returns false
   * where there are none: then all shards know.
   */
  async function recall(
    ask: Ask,
    numbers: Numbers,
    { date, mover }: { date: string; mover: string },
  ): Promise<boolean> {
    const { prize_id, most } = ask;
    const looking = { most, mover };
    const { grants } = await ledger.look(numbers, looking);
    const all = await seeAll(ask, date);
    let isMoved = false;
    for (const { shard, counters, state } of all) {
      if (!state || state.rights.endsWith("?")) continue;
      // What is on its way: granted, and its server may be gone before it was there.
      if ((grants[shard] ?? 0) > state.granted) {
        const { rights } = state;
        const to = { shard, rights, granted: state.granted, most };
        const grant = await ledger.grant(numbers, to);
        if (grant && grant !== "stale") {
          await put(counters, { rights, prize_id, grant });
        }
        isMoved = true;
      }
      if (state.cut.length > 0) {
        const from = { shard, counters, state };
        const none = { most, mover, count: 0 };
        isMoved ||= await cut(numbers, from, none);
      }
    }
    if (isMoved) return true;
    const richest = all
      .map((seen) => ({
        ...seen,
        count: seen.state ? countUpTo(seen.state.units, most) : 0,
      }))
      .filter((seen) => seen.count > 0)
      .sort((one, other) => other.count - one.count)[0];
    if (richest?.state) {
      const half = Math.ceil(richest.count / 2);
      const from = { ...richest, state: richest.state };
      await cut(numbers, from, { most, mover, count: half });
      return true;
    }
    if (all.some(({ state }) => !state || state.rights.endsWith("?"))) {
      throw unavailable(new Error("a shard that may hold units is away"));
    }
    // What came between the two looks at the ledger, or comes after the second, tells the shards so itself: see gone.lua.
    const last = await ledger.look(numbers, looking);
    const isSame = all.every(
      ({ shard, state }) => (last.grants[shard] ?? 0) === state?.granted,
    );
    if (last.free || !last.mover || !isSame) return true;
    return !(await tellGone(ask, all));
  }

  /** Cuts numbers from a shard and makes them free. Returns whether there were any. */
  async function cut(
    numbers: Numbers,
    from: { shard: number; counters: string; state: State },
    { most, mover, count }: { most: number; mover: string; count: number },
  ): Promise<boolean> {
    const { shard, counters, state } = from;
    const head = [state.rights, numbers.prize_id, most];
    const answer = await redis
      .recall(1, counters, ...head, count, "")
      .catch(refuse);
    if (answer === "stale" || answer === "") return false;
    const text = String(answer);
    const units = parseStretches(text);
    const { rights } = state;
    const back = { shard, rights, units, mover };
    if (!(await ledger.giveBack(numbers, back))) return true;
    await redis.recall(1, counters, ...head, 0, text).catch(refuse);
    return true;
  }

  async function seeAll(
    { prize_id, pool }: Pick<Ask, "prize_id" | "pool">,
    date: string,
  ): Promise<Seen[]> {
    return Promise.all(
      everywhere.map(async (keys, shard) => {
        const counters = countersOf(keys, pool, date);
        const state = await readState(redis, counters, prize_id).catch(
          () => undefined,
        );
        return { shard, counters, state };
      }),
    );
  }

  /** Tells all shards that none is left. Returns whether all took it: one that has had news since does not. */
  async function tellGone(ask: Ask, all: Seen[]): Promise<boolean> {
    const { prize_id, most } = ask;
    const answers = await Promise.all(
      all.map(({ counters, state }) => {
        const { rights = "?", granted = 0, news = 0 } = state ?? {};
        return redis
          .gone(1, counters, rights, prize_id, granted, most, news)
          .catch(refuse);
      }),
    );
    return answers.every((answer) => answer === "OK");
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

/** Numbers came back: none of these shards takes them for gone any longer. Rejects with UNAVAILABLE. */
export async function untell(
  redis: Redis,
  all: { counters: string }[],
  prize_id: string,
): Promise<void> {
  await Promise.all(
    all.map(({ counters }) =>
      redis.gone(1, counters, "", prize_id, 0, 0, 0).catch(refuse),
    ),
  );
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
