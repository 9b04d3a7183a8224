import type { Clock } from "../clock.js";
import { unavailable } from "../errors.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import type { Ask } from "./ask.js";
import type { Ledger, Numbers, Stretch } from "./ledger.js";
import {
  countUpTo,
  type Place,
  parseStretches,
  placeIn,
  readState,
  type State,
} from "./pools.js";

/** What a shard has, or that it can't be asked. */
type Seen = { shard: number; place: Place; state: State | undefined };

/**
 * Makes numbers free that another shard holds and has not spent, half of what the richest has. Only the holder of the lease,
 * `mover`, does it. Returns false where there are none: then all shards know. Rejects with UNAVAILABLE.
 */
export type Recall = (
  ask: Ask,
  numbers: Numbers,
  at: { date: string; mover: string },
) => Promise<boolean>;

export function createRecall({
  redis,
  ledger,
  clock,
  everywhere,
}: {
  redis: Redis;
  ledger: Ledger;
  clock: Pick<Clock, "now">;
  /** the keys of all shards */
  everywhere: Keys[];
}): Recall {
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
    for (const { shard, place, state } of all) {
      if (!state || state.rights.endsWith("?")) continue;
      // What is on its way: granted, and its server may be gone before it was there.
      if ((grants[shard] ?? 0) > state.granted) {
        const { rights } = state;
        const to = { shard, rights, granted: state.granted, most };
        const grant = await ledger.grant(numbers, to);
        if (grant && grant !== "stale") {
          await deliver(redis, clock, place, { rights, prize_id, grant });
        }
        isMoved = true;
      }
      if (state.cut.length > 0) {
        const from = { shard, place, state };
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
    from: { shard: number; place: Place; state: State },
    { most, mover, count }: { most: number; mover: string; count: number },
  ): Promise<boolean> {
    const { shard, place, state } = from;
    const { counters, takenToday, log, pool } = place;
    const names = [counters, takenToday, log];
    const at = [pool, Math.floor(clock.now())];
    const head = [state.rights, numbers.prize_id, most];
    const answer = await redis
      .recall(names.length, ...names, ...head, count, "", ...at)
      .catch(refuse);
    if (answer === "stale" || answer === "") return false;
    const text = String(answer);
    const units = parseStretches(text);
    const { rights } = state;
    const back = { shard, rights, units, mover };
    if (!(await ledger.giveBack(numbers, back))) return true;
    await redis
      .recall(names.length, ...names, ...head, 0, text, ...at)
      .catch(refuse);
    return true;
  }

  async function seeAll(
    { prize_id, pool }: Pick<Ask, "prize_id" | "pool">,
    date: string,
  ): Promise<Seen[]> {
    return Promise.all(
      everywhere.map(async (keys, shard) => {
        const place = placeIn(keys, pool, date);
        const state = await readState(redis, place.counters, prize_id).catch(
          () => undefined,
        );
        return { shard, place, state };
      }),
    );
  }

  /** Tells all shards that none is left. Returns whether all took it: one that has had news since does not. */
  async function tellGone(ask: Ask, all: Seen[]): Promise<boolean> {
    const { prize_id, most } = ask;
    const answers = await Promise.all(
      all.map(({ place, state }) => {
        const { rights = "?", granted = 0, news = 0 } = state ?? {};
        return redis
          .gone(1, place.counters, rights, prize_id, granted, most, news)
          .catch(refuse);
      }),
    );
    return answers.every((answer) => answer === "OK");
  }

  return recall;
}

/** Brings a grant to its shard, by lua/grant.lua. Rejects with UNAVAILABLE. */
export async function deliver(
  redis: Redis,
  clock: Pick<Clock, "now">,
  { counters, takenToday, log, pool }: Place,
  of: {
    rights: string;
    prize_id: string;
    grant: { granted: number; units: Stretch[] };
  },
): Promise<void> {
  const { rights, prize_id, grant } = of;
  const names = [counters, takenToday, log];
  const head = [rights, prize_id, grant.granted, pool, Math.floor(clock.now())];
  await redis
    .grant(names.length, ...names, ...head, ...grant.units.flat())
    .catch(refuse);
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
