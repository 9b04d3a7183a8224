import { unavailable } from "../errors.js";
import type { Scope } from "./campaign.js";
import { type Counts, readCounters } from "./counters.js";
import { type Released, releasedOf } from "./release.js";
import { left, lower, type Prize } from "./table.js";

/** A prize with the units left in all, and those that can still go today; null for unlimited. */
export type Stock = Prize & {
  left_total: number | null;
  left_today: number | null;
} & Partial<Released>;

/** The prizes in force and what is left of them, as Redis has it. Rejects with UNAVAILABLE. */
export async function readStock(
  scope: Pick<Scope, "redis" | "everywhere" | "clock">,
): Promise<Stock[]> {
  const { redis, everywhere, clock } = scope;
  const { date } = clock.today();
  const counters = await readCounters(redis, everywhere, date);
  const { listing, ever, today } = counters;
  if (!listing) throw unavailable(new Error("no prize table in force"));
  const prizes = JSON.parse(listing) as Prize[];
  return prizes.map((prize) => ({
    ...prize,
    ...leftOf(prize, ever, today),
    ...releasedOf(prize, clock),
  }));
}

function leftOf(prize: Prize, ever: Counts, today: Counts) {
  const left_total = left(prize.total_quota, ever.get(prize.id) ?? 0);
  const daily = left(prize.daily_quota, today.get(prize.id) ?? 0);
  return { left_total, left_today: lower(left_total, daily) };
}
