import { unavailable } from "../errors.js";
import { replies } from "../stores/redis.js";
import type { Scope } from "./campaign.js";
import { type Released, releasedOf } from "./release.js";
import { left, lower, type Prize } from "./table.js";

/** A prize with the units left in all, and those that can still go today; null for unlimited. */
export type Stock = Prize & {
  left_total: number | null;
  left_today: number | null;
} & Partial<Released>;

export type Counts = Record<string, string>;

/** A count of Redis's hash, or `otherwise` where there is none: a prize may be called `constructor`. */
export const countOf = (
  counts: Counts | undefined,
  id: string,
  otherwise = 0,
): number =>
  counts && Object.hasOwn(counts, id) ? Number(counts[id]) : otherwise;

/** The prizes in force and what is left of them, as Redis has it. Rejects with UNAVAILABLE. */
export async function readStock(
  scope: Pick<Scope, "redis" | "keys" | "clock">,
): Promise<Stock[]> {
  const { redis, keys, clock } = scope;
  const { date } = clock.today();
  const asking = redis
    .multi()
    .hget(keys.prizes, "listing")
    .hgetall(keys.taken)
    .hgetall(keys.takenToday(date));
  const [listing, taken, today] = (await replies(asking)) as [
    string | null,
    Counts,
    Counts,
  ];
  if (!listing) throw unavailable(new Error("no prize table in force"));
  const prizes = JSON.parse(listing) as Prize[];
  return prizes.map((prize) => ({
    ...prize,
    ...leftOf(prize, taken, today),
    ...releasedOf(prize, clock),
  }));
}

function leftOf(prize: Prize, taken: Counts, today: Counts) {
  const left_total = left(prize.total_quota, countOf(taken, prize.id));
  const daily = left(prize.daily_quota, countOf(today, prize.id));
  return { left_total, left_today: lower(left_total, daily) };
}
