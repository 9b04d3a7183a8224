import type { Scope } from "../../prizes/campaign.js";
import { readCounters } from "../../prizes/counters.js";
import { left, lower, readPrizes } from "../../prizes/table.js";
import type { Postgres } from "../../stores/postgres.js";
import type { PrizeRow } from "./change-prizes.js";

/** Units and draws of a day, and ever. `draws` is undefined where Redis does not know, or does not answer. */
export type Counts = {
  units: (id: string) => { today: number; total: number };
  draws: { today: number | undefined; total: number | undefined };
};

/**
 * What is taken, by Postgres and Redis, whichever has more: Redis is ahead by the wins under way, and behind after it
 * lost its data. Without Redis, Postgres's counts do. On several shards Redis's count alone: the greatest unit in Postgres says
 * nothing there, and to count them all takes long.
 */
export async function readCounts(scope: Scope, date: string): Promise<Counts> {
  const { redis, postgres, everywhere, held } = scope;
  const { id } = held.campaign;
  const [rows, counters] = await Promise.all([
    everywhere.length > 1 ? [] : readPrizes(postgres, id, date),
    readCounters(redis, everywhere, date).catch(() => undefined),
  ]);
  const counted =
    everywhere.length > 1 && !counters?.listing
      ? await countRows(postgres, id, date)
      : rows;
  const rowOf = new Map(counted.map((row) => [row.id, row]));
  const units = (id: string) => ({
    today: Math.max(
      Number(rowOf.get(id)?.day_unit ?? 0),
      counters?.today.get(id) ?? 0,
    ),
    total: Math.max(
      Number(rowOf.get(id)?.unit ?? 0),
      counters?.ever.get(id) ?? 0,
    ),
  });
  const draws = {
    today: counters?.today.get("@draws"),
    total: counters?.ever.get("@draws"),
  };
  return { units, draws };
}

/** The wins of each prize in Postgres, of a day and ever. */
export const countRows = (postgres: Postgres, campaign: string, date: string) =>
  postgres.query(
    (sql) => sql<{ id: string; unit: string; day_unit: string }[]>`
      select r.prize_id as id, count(*) as unit,
        count(*) filter (where r.draw_date = ${date}::text::date) as day_unit
      from result r where r.campaign_id = ${campaign} group by r.prize_id`,
  );

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
