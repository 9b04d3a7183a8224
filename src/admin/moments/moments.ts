import { invalid } from "../../errors.js";
import { isDataError, type Postgres } from "../../stores/postgres.js";
import { failureOf } from "../prizes/change-prizes.js";
import { digestOf, listOf, MOST_MOMENTS } from "./generate.js";

/** A winning moment; `result_id` of the win that claimed it, or null. */
export type Moment = {
  id: string;
  prize_id: string;
  at: Date;
  created_at: Date;
  created_by: string;
  result_id: string | null;
};

/** Who made which list, and when: to be kept, and compared after the campaign. */
export type Certificate = {
  campaign_id: string;
  prize_id: string;
  count: number;
  sha256: string;
  created_at: string;
  created_by: string;
};

/** So many moments of a campaign in their order, after a place. Rejects with UNAVAILABLE. */
export function readMoments(
  postgres: Postgres,
  campaign: string,
  after: { at: string; id: string },
  count: number,
): Promise<Moment[]> {
  return postgres.query(
    (sql) => sql<Moment[]>`
      select m.id, m.prize_id, m.at, m.created_at, m.created_by, r.id as result_id
      from moment m
      left join result r on r.moment_id = m.id
      where m.campaign_id = ${campaign} and (m.at, m.id) > (${after.at}::text::timestamptz, ${after.id}::text::bigint)
      order by m.at, m.id
      limit ${count}`,
  );
}

/**
 * Adds moments of a prize, in milliseconds since the epoch, all or none. Rejects with INVALID_REQUEST, CAMPAIGN_FROZEN, and
 * UNAVAILABLE.
 */
export async function addMoments(
  postgres: Postgres,
  to: { campaign: string; prize_id: string; changed_by: string },
  moments: number[],
): Promise<Certificate> {
  const { campaign, prize_id, changed_by } = to;
  const sorted = moments.toSorted((one, other) => one - other);
  const [row] = await postgres
    .query(
      (sql) => sql<{ open: number; added: number; at: Date | null }[]>`
        with open as (
          select count(*)::int as count from moment m
          where m.campaign_id = ${campaign} and not exists (select from result r where r.moment_id = m.id)
        ), added as (
          insert into moment (campaign_id, prize_id, at, created_by)
          select ${campaign}, ${prize_id}, to_timestamp(at / 1000), ${changed_by}
          from unnest(${sorted}::float8[]) as m (at), open
          where open.count + ${sorted.length} <= ${MOST_MOMENTS}
          returning created_at
        )
        select (select count from open) as open, count(*)::int as added, min(created_at) as at from added`,
    )
    .catch((error: unknown) => {
      const known = failureOf(error);
      if (known !== error || !isDataError(error)) throw known;
      throw invalid("prize_id", `must be a prize of the campaign ${campaign}`);
    });
  if (!row?.at || row.added < sorted.length) {
    throw invalid(
      "moments",
      `must leave the campaign no more than ${MOST_MOMENTS} that are not claimed; it has ${row?.open ?? 0}`,
    );
  }
  return {
    campaign_id: campaign,
    prize_id,
    count: sorted.length,
    sha256: digestOf(listOf(campaign, prize_id, sorted)),
    created_at: row.at.toISOString(),
    created_by: changed_by,
  };
}

/** Deletes the unclaimed moments of a prize. Returns how many. Rejects with CAMPAIGN_FROZEN, and UNAVAILABLE. */
export async function deleteMoments(
  postgres: Postgres,
  { campaign, prize_id }: { campaign: string; prize_id: string },
): Promise<number> {
  const [row] = await postgres
    .query(
      (sql) => sql<{ count: number }[]>`
        with gone as (
          delete from moment m
          where m.campaign_id = ${campaign} and m.prize_id = ${prize_id}
            and not exists (select from result r where r.moment_id = m.id)
          returning 1
        )
        select count(*)::int as count from gone`,
    )
    .catch((error: unknown) => {
      throw failureOf(error);
    });
  return row?.count ?? 0;
}
