import { unavailable } from "../errors.js";
import { FIELD } from "../outbox/letters.js";
import type { Win } from "../outbox/win.js";
import type { Keys } from "../stores/keys.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";
import { EVER } from "./ledger.js";
import { untell } from "./recall.js";

/**
 * Gives the numbers of a win that has no row to whoever draws next, unless they are another row's, or its shard holds them no
 * longer. May be done twice. Rejects with UNAVAILABLE.
 */
export type Spare = (win: Win) => Promise<void>;

/** The numbers of a prize that came to nothing, of all days and of one. */
export type Numbers = { unit: number[]; day_unit: number[] };

type Parts = {
  campaign: string;
  shard: number | undefined;
  keys: Keys;
  everywhere: Keys[];
};

export function createSpare(
  redis: Redis,
  postgres: Postgres,
  parts: Parts,
): Spare {
  return async (win) => {
    const { prize_id, draw_date, unit, day_unit } = win;
    const numbers = { unit: [unit], day_unit: [day_unit] };
    await spareAll(redis, postgres, parts, {
      ...{ prize_id, draw_date, numbers },
    });
  };
}

/** Returns how many can be taken again. Rejects with UNAVAILABLE. */
export async function spareAll(
  redis: Redis,
  postgres: Postgres,
  parts: Parts,
  of: { prize_id: string; draw_date: string; numbers: Numbers },
): Promise<number> {
  const { keys, everywhere, shard } = parts;
  const { prize_id, draw_date } = of;
  const free = await findFree(postgres, parts, of);
  let spared = 0;
  for (const pool of ["unit", "day_unit"] as const) {
    if (free[pool].length === 0) continue;
    const countersOf = (some: Keys) =>
      pool === "unit" ? some.taken : some.takenToday(draw_date);
    const counters = countersOf(keys);
    const rights =
      shard === undefined ? "" : await redis.hget(counters, FIELD.RIGHTS);
    const names = [counters, keys.prizes, keys.taken];
    const answer = await redis
      .spare(names.length, ...names, rights ?? "?", prize_id, ...free[pool])
      .catch((error: unknown) => {
        throw unavailable(error);
      });
    spared += Number(answer) || 0;
    // Also where it was done before: whoever did it may be gone.
    if (shard !== undefined && answer !== "stale") {
      const all = everywhere.map((some) => ({ counters: countersOf(some) }));
      await untell(redis, all, prize_id);
    }
  }
  return spared;
}

/** Those of these numbers that no row has and that the shard holds. One beyond a quota that was lowered waits until it is raised. */
async function findFree(
  postgres: Postgres,
  { campaign, shard }: Parts,
  of: { prize_id: string; draw_date: string; numbers: Numbers },
): Promise<Numbers> {
  const { prize_id, draw_date, numbers } = of;
  const isHeld = shard !== undefined;
  const rows = await postgres.query(
    (sql) => sql<{ is_day: boolean; number: number }[]>`
      select n.is_day, n.number::float8 as number
      from (
        select false as is_day, u as number from unnest(${numbers.unit}::bigint[]) as u
        union all
        select true, d from unnest(${numbers.day_unit}::bigint[]) as d
      ) n
      join prize p on p.campaign_id = ${campaign} and p.id = ${prize_id}
      where not exists (
          select from result r
          where r.prize_id = ${prize_id} and r.campaign_id = ${campaign} and case when n.is_day
            then r.draw_date = ${draw_date}::text::date and r.day_unit = n.number else r.unit = n.number end
        )
        and (not ${isHeld}::boolean or exists (
          select from shard_units s
          where s.campaign_id = ${campaign} and s.prize_id = ${prize_id} and s.shard = ${shard ?? -1}
            and s.draw_date = case when n.is_day then ${draw_date}::text::date else ${EVER}::text::date end and s.held @> n.number
        ))`,
  );
  const pick = (is_day: boolean) =>
    rows.filter((row) => row.is_day === is_day).map(({ number }) => number);
  return { unit: pick(false), day_unit: pick(true) };
}
