import { FIELD } from "../outbox/letters.js";
import { countUpTo, parseStretches } from "../shards/pools.js";
import type { Keys } from "../stores/keys.js";
import { type Redis, replies } from "../stores/redis.js";

/** Prize id → units taken, and `@draws` → draws decided. */
export type Counts = Map<string, number>;

type Hash = Record<string, string>;

const DRAWS = "@draws";

/** What the shards of a campaign count. Rejects with UNAVAILABLE, also where one of them is away. */
export async function readCounters(
  redis: Redis,
  everywhere: Keys[],
  date: string,
): Promise<{ listing: string | null; ever: Counts; today: Counts }> {
  const all = await Promise.all(
    everywhere.map(async ({ prizes, taken, takenToday }) => {
      const asking = redis
        .multi()
        .hget(prizes, "listing")
        .hgetall(taken)
        .hgetall(takenToday(date));
      const [listing, ever, today] = await replies(asking);
      return [listing, ever, today] as [string | null, Hash, Hash];
    }),
  );
  return {
    // What a shard counts that has lost its data is not all.
    listing: all.every(([listing]) => listing) ? (all[0]?.[0] ?? null) : null,
    ever: sumUp(all.map(([, ever]) => ever)),
    today: sumUp(all.map(([, , today]) => today)),
  };
}

/**
 * Adds up what shards count, each in one hash. The counter of an only one counts numbers that came to nothing, too: those are not
 * taken.
 */
export function sumUp(hashes: Hash[]): Counts {
  const counts: Counts = new Map();
  const add = (id: string, count: number) =>
    counts.set(id, (counts.get(id) ?? 0) + count);
  for (const hash of hashes) {
    for (const [field, value] of Object.entries(hash)) {
      if (field === DRAWS || !field.startsWith("@")) add(field, Number(value));
      if (hashes.length === 1 && field.startsWith(FIELD.UNITS_OF)) {
        const units = parseStretches(value.split(" ")[3] ?? "");
        add(field.slice(FIELD.UNITS_OF.length), -countUpTo(units, -1));
      }
    }
  }
  return counts;
}

/** Draws and wins. */
export function totalsOf(counts: Counts): { draws: number; wins: number } {
  let wins = 0;
  for (const [id, count] of counts) if (id !== DRAWS) wins += count;
  return { draws: counts.get(DRAWS) ?? 0, wins };
}
