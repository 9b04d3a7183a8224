import type { Clock } from "../clock.js";
import { unavailable } from "../errors.js";
import type { Keys } from "../stores/keys.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";
import { numbersInOutbox, POOLS, type Pool } from "./in-outbox.js";
import { EVER, type Stretch } from "./ledger.js";
import { readState } from "./pools.js";
import { untell } from "./recall.js";
import { spareAll } from "./spare.js";
import { chunksOf, without } from "./stretches.js";

/** Numbers looked for in Postgres by one statement, which takes some 20 ms. */
const CHUNK = 10_000;

type Parts = {
  redis: Redis;
  postgres: Postgres;
  clock: Pick<Clock, "today">;
  campaign: string;
  shard: number | undefined;
  keys: Keys;
  everywhere: Keys[];
};

/**
 * Gives the numbers of a day, and of all days, that neither a row nor the outbox holds to whoever draws next: after Redis lost
 * wins. Counters are read before the outbox, and that before the rows: what is on its way shows in one of them. Rejects with
 * UNAVAILABLE.
 */
export async function fillGaps(parts: Parts, date: string): Promise<void> {
  const { redis, postgres, keys, campaign } = parts;
  const prizes = await postgres.query(
    (sql) => sql<{ id: string }[]>`
      select id from prize where campaign_id = ${campaign} order by id`,
  );
  const spent = new Map<string, Record<Pool, Stretch[]>>();
  for (const { id } of prizes) {
    spent.set(id, {
      unit: await findSpent(parts, id, EVER, keys.taken),
      day_unit: await findSpent(parts, id, date, keys.takenToday(date)),
    });
  }
  const waiting = await numbersInOutbox(redis, keys, date);
  for (const [prize_id, its] of spent) {
    for (const pool of POOLS) {
      const held = waiting[pool].get(prize_id) ?? [];
      for (const chunk of chunksOf(without(its[pool], held), CHUNK)) {
        const of = { prize_id, date, pool };
        const missing = await findMissing(parts, of, chunk);
        if (missing.length === 0) continue;
        const numbers = { unit: [], day_unit: [], [pool]: missing };
        await spareAll(redis, postgres, parts, {
          ...{ prize_id, draw_date: date, numbers },
        });
      }
    }
    // What came back with new numbers, or by a server that is gone by now, nobody else was told.
    if (parts.shard !== undefined) await untellAll(parts, prize_id, date);
  }
}

async function untellAll(
  { redis, everywhere }: Parts,
  prize_id: string,
  date: string,
): Promise<void> {
  for (const countersOf of [
    (keys: Keys) => keys.taken,
    (keys: Keys) => keys.takenToday(date),
  ]) {
    const all = everywhere.map((keys) => ({ counters: countersOf(keys) }));
    await untell(redis, all, prize_id);
  }
}

/** The numbers that were given to draws: of those that a shard holds, or of all up to the counter. */
async function findSpent(
  { redis, postgres, campaign, shard }: Parts,
  prize_id: string,
  date: string,
  counters: string,
): Promise<Stretch[]> {
  const state = await readState(redis, counters, prize_id);
  const rest = [...state.units, ...state.cut];
  if (shard === undefined) {
    const count = await redis
      .hget(counters, prize_id)
      .catch((error: unknown) => {
        throw unavailable(error);
      });
    return Number(count ?? 0) > 0 ? without([[1, Number(count)]], rest) : [];
  }
  const [row] = await postgres.query(
    (sql) => sql<{ granted: number; units: Stretch[] | null }[]>`
      select s.granted, (
          select jsonb_agg(jsonb_build_array(lower(h), upper(h) - 1) order by h) from unnest(s.held) as h
        ) as units
      from shard_units s
      where s.campaign_id = ${campaign} and s.prize_id = ${prize_id} and s.draw_date = ${date}::text::date and s.shard = ${shard}`,
  );
  // A grant is on its way: what it brings is not spent.
  if (!row || row.granted !== state.granted) return [];
  return without(row.units ?? [], rest);
}

/** Those of these numbers that no row has. */
async function findMissing(
  { postgres, campaign }: Parts,
  { prize_id, date, pool }: { prize_id: string; date: string; pool: Pool },
  chunk: Stretch[],
): Promise<number[]> {
  const firsts = chunk.map(([first]) => first);
  const lasts = chunk.map(([, last]) => last);
  const rows = await postgres.query((sql) => {
    const taken =
      pool === "unit"
        ? sql`r.unit = n`
        : sql`r.day_unit = n and r.draw_date = ${date}::text::date`;
    return sql<{ n: number }[]>`
      select n::float8 as n
      from unnest(${firsts}::bigint[], ${lasts}::bigint[]) as s (first, last)
      cross join lateral generate_series(s.first, s.last) as n
      where not exists (
        select from result r where r.prize_id = ${prize_id} and r.campaign_id = ${campaign} and ${taken}
      )
      order by n`;
  });
  return rows.map(({ n }) => n);
}
