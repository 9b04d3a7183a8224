import type { Sql } from "postgres";
import type { State } from "../../results/claim.js";
import type { Postgres } from "../../stores/postgres.js";

export type ResultRow = {
  id: string;
  user_id: string;
  campaign_id: string;
  prize_id: string;
  title: string;
  draw_date: string;
  draw_no: number;
  unit: number;
  day_unit: number;
  created_at: Date;
  redeemed_at: Date | null;
  phone_no: string | null;
};

const columns = (sql: Sql) => sql`
  r.id, r.user_id, r.campaign_id, r.prize_id, p.title, r.draw_date::text as draw_date, r.draw_no, r.unit::float8 as unit,
  r.day_unit::float8 as day_unit, r.created_at, r.redeemed_at, r.phone_no`;

export type Filter = {
  day?: string | undefined;
  prize_id?: string | undefined;
  state?: State | undefined;
};

/** A place among a day's wins. */
export type DayPlace = { prize_id: string; day_unit: number };

const START: DayPlace = { prize_id: "", day_unit: 0 };

/**
 * So many wins of a day, by prize, the latest unit first, from after a place on: through the unique index of the units
 * of a day, prize by prize. Those that are not redeemed have no index, so `redeemed` alone narrows the reading.
 */
export function readDay(
  postgres: Postgres,
  asked: {
    campaign: string;
    day: string;
    prize_id: string | undefined;
    redeemed: boolean;
    after: DayPlace | undefined;
    count: number;
  },
): Promise<ResultRow[]> {
  const { campaign, day, prize_id, redeemed, after = START, count } = asked;
  return postgres.query(
    (sql) => sql<ResultRow[]>`
      select ${columns(sql)}
      from prize p
      cross join lateral (
        select * from result r
        where r.prize_id = p.id and r.campaign_id = p.campaign_id and r.draw_date = ${day}::text::date
          and r.day_unit < case when p.id = ${after.prize_id} then ${after.day_unit}::float8::bigint else 9223372036854775807 end
          ${redeemed ? sql`and r.redeemed_at is not null` : sql``}
        order by r.day_unit desc
        limit ${count}
      ) r
      where p.campaign_id = ${campaign} and p.id >= ${after.prize_id} ${prize_id === undefined ? sql`` : sql`and p.id = ${prize_id}`}
      order by p.id, r.day_unit desc
      limit ${count}`,
  );
}

/** A place among the wins of a user or a phone number. */
export type Place = { draw_date: string; id: string };

type Whose = {
  /** undefined: of all campaigns */
  campaign?: string | undefined;
  id?: string | undefined;
  user_id?: string | undefined;
  phone_no?: string | undefined;
};

/** So many wins of a user, of a phone number, or the one of an id, newest first, from after a place on. */
export function readWhose(
  postgres: Postgres,
  { campaign, id, user_id, phone_no, day, prize_id, state }: Whose & Filter,
  since: string | undefined,
  { after, count }: { after: Place | undefined; count: number },
): Promise<ResultRow[]> {
  return postgres.query((sql) => {
    const all = [
      id && sql`r.id = ${id}`,
      campaign && sql`r.campaign_id = ${campaign}`,
      user_id && sql`r.user_id = ${user_id}`,
      phone_no && sql`r.phone_no = ${phone_no}`,
      day && sql`r.draw_date = ${day}::text::date`,
      prize_id && sql`r.prize_id = ${prize_id}`,
      state && sql`(r.redeemed_at is not null) = ${state === "redeemed"}`,
      state === "forfeited" &&
        sql`r.draw_date < ${since ?? "-infinity"}::text::date`,
      state === "open" &&
        sql`r.draw_date >= ${since ?? "-infinity"}::text::date`,
      after &&
        sql`(r.draw_date, r.id) < (${after.draw_date}::text::date, ${after.id}::uuid)`,
    ].filter((condition) => typeof condition === "object");
    return sql<ResultRow[]>`
      select ${columns(sql)}
      from result r join prize p on p.id = r.prize_id and p.campaign_id = r.campaign_id
      where ${all.reduce((one, other) => sql`${one} and ${other}`)}
      order by r.draw_date desc, r.id desc
      limit ${count}`;
  });
}
