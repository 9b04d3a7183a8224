import { PARTS } from "../random.js";
import type { Postgres } from "../stores/postgres.js";

/** A prize as published: probability from 0 to 1, quotas in units, null for unlimited. */
export type Prize = {
  id: string;
  title: string;
  probability: number;
  daily_quota: number | null;
  total_quota: number | null;
  /** whoever would get no prize gets this one, while it lasts */
  fallback: boolean;
  /** local times of day between which the daily quota is released, such as `09:00:00`; null: all of it at midnight */
  release_from: string | null;
  release_to: string | null;
};

/** A row of the prize table, with the wins of a day that Postgres knows. */
export type Row = Prize & {
  active: boolean;
  odds_to: string;
  total_odds: string | null;
  too_many_odds: boolean | null;
  too_small_odds: boolean;
  unit: string;
  day_unit: string;
  /** some moments are its own */
  has_moments: boolean;
};

/** A prize table that may be put in force, as Redis keeps it. `odds_to`: where the prize's range of rolls ends. */
export type Table = {
  version: string;
  listing: (Prize & { odds_to: string; has_moments: boolean })[];
};

/** The product's own UUID. */
export async function readIdentity(postgres: Postgres): Promise<string> {
  const [row] = await postgres.query(
    (sql) => sql<{ id: string }[]>`select id from identity`,
  );
  return row?.id ?? "";
}

/** One statement, so one snapshot. The greatest units come from the ends of two indexes, whatever the table's size. */
export function readPrizes(
  postgres: Postgres,
  campaign: string,
  date: string,
): Promise<Row[]> {
  return postgres.query(
    (sql) => sql<Row[]>`
      select p.id, p.title, p.daily_quota, p.total_quota, p.active, p.fallback,
        p.release_from::text, p.release_to::text,
        exists (select from moment m where m.campaign_id = p.campaign_id and m.prize_id = p.id) as has_moments,
        p.probability::float8 as probability,
        p.active and p.probability > 0 and p.probability * ${PARTS}::bigint < 1 as too_small_odds,
        floor(${PARTS}::bigint * sum(p.probability) filter (where p.active) over (order by p.id)) as odds_to,
        sum(p.probability) filter (where p.active) over () as total_odds,
        sum(p.probability) filter (where p.active) over () > 1 as too_many_odds,
        coalesce((
          select max(r.unit) from result r where r.prize_id = p.id and r.campaign_id = p.campaign_id
        ), 0) as unit,
        coalesce((
          select max(r.day_unit) from result r
          where r.prize_id = p.id and r.campaign_id = p.campaign_id and r.draw_date = ${date}::text::date
        ), 0) as day_unit
      from prize p
      where p.campaign_id = ${campaign}
      order by p.id`,
  );
}

/** Why these prizes can't be put in force. */
export function objection(rows: Row[]): string | undefined {
  if (rows.length === 0) return "There are no prizes: insert rows into prize.";
  if (rows[0]?.too_many_odds) {
    return `The probabilities of the active prizes sum to ${rows[0].total_odds}, more than 1: lower them. The last good prize table stays in force.`;
  }
  const hopeless = rows.find((row) => row.too_small_odds);
  if (hopeless) {
    return `The probability of ${hopeless.id} is below ${1 / PARTS}, so that it could never be won: raise it, or make it 0. The last good prize table stays in force.`;
  }
  return undefined;
}

/** The table that these prizes make; `version`: of the edit that they stand for, or an earlier one. */
export function compile(
  rows: Pick<Row, keyof Prize | "active" | "odds_to" | "has_moments">[],
  version: string,
): Table {
  const inForce = rows.filter((row) => row.active);
  return {
    version,
    listing: inForce.map((row) => ({
      id: row.id,
      title: row.title,
      probability: row.probability,
      daily_quota: row.daily_quota,
      total_quota: row.total_quota,
      fallback: row.fallback,
      release_from: row.release_from,
      release_to: row.release_to,
      odds_to: row.odds_to,
      has_moments: row.has_moments,
    })),
  };
}

/**
 * A table that stays in force although the rows have changed: none of its quotas may exceed the row's, since Postgres
 * refuses wins beyond it. A prize whose row is gone has no units left.
 */
export function tighten(table: Table, rows: Row[]): Table {
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const listing = table.listing.map((prize) => {
    const { daily_quota = 0, total_quota = 0 } = rowOf.get(prize.id) ?? {};
    return {
      ...prize,
      daily_quota: lower(prize.daily_quota, daily_quota),
      total_quota: lower(prize.total_quota, total_quota),
    };
  });
  return { ...table, listing };
}

/** The lower of two counts of units; null is unlimited. */
export function lower(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

/** The units left of a quota; null is unlimited. */
export const left = (quota: number | null, taken: number): number | null =>
  quota === null ? null : Math.max(0, quota - taken);
