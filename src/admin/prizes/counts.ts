import type { Scope } from "../../prizes/campaign.js";
import { countOf } from "../../prizes/stock.js";
import { left, lower, readPrizes } from "../../prizes/table.js";
import { replies } from "../../stores/redis.js";
import type { PrizeRow } from "./change-prizes.js";

/** Units and draws of a day, and ever. `draws` is undefined where Redis does not know, or does not answer. */
export type Counts = {
  units: (id: string) => { today: number; total: number };
  draws: { today: number | undefined; total: number | undefined };
};

type Hash = Record<string, string>;

/**
 * What is taken, by Postgres and Redis, whichever has more: Redis is ahead by the wins under way, and behind after it
 * lost its data. Without Redis, Postgres's counts do.
 */
export async function readCounts(
  { redis, postgres, keys, held }: Scope,
  date: string,
): Promise<Counts> {
  const asking = redis
    .multi()
    .hgetall(keys.taken)
    .hgetall(keys.takenToday(date));
  const [rows, hashes] = await Promise.all([
    readPrizes(postgres, held.campaign.id, date),
    replies(asking).catch(() => []),
  ]);
  const [ever = {}, today = {}] = hashes as Hash[];
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const units = (id: string) => ({
    today: Math.max(Number(rowOf.get(id)?.day_unit ?? 0), countOf(today, id)),
    total: Math.max(Number(rowOf.get(id)?.unit ?? 0), countOf(ever, id)),
  });
  const count = (text?: string) => (text === undefined ? text : Number(text));
  const draws = { today: count(today["@draws"]), total: count(ever["@draws"]) };
  return { units, draws };
}

/** Prizes with what is taken and left of them, in units; null for unlimited. */
export function withUnits(prizes: PrizeRow[], { units }: Counts) {
  return prizes.map((prize) => {
    const { today, total } = units(prize.id);
    const left_total = left(prize.total_quota, total);
    return {
      ...prize,
      taken_today: today,
      taken_total: total,
      left_today: lower(left_total, left(prize.daily_quota, today)),
      left_total,
    };
  });
}
