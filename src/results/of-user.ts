import type { Postgres } from "../stores/postgres.js";
import { type State, stateOf } from "./claim.js";
import type { Result } from "./results.js";

/** A win as its winner sees it. `draw_date` is the campaign's day, moments are RFC 3339 in UTC. */
export type MyResult = Result & {
  title: string;
  draw_date: string;
  draw_no: number;
  state: State;
  redeemed_at: string | null;
};

type Row = Omit<MyResult, "created_at" | "redeemed_at" | "state"> & {
  created_at: Date;
  redeemed_at: Date | null;
};

/** Behind all wins. */
const LAST = { draw_date: "infinity", draw_no: 0 };

/**
 * A user's wins in a campaign, newest first, at most `count`, those before `before` where one is given; those of draw dates
 * before `since` are forfeited unless redeemed. The unique index of draws leads straight to them. Rejects with UNAVAILABLE.
 */
export async function findMine(
  postgres: Postgres,
  {
    campaign,
    user_id,
    count,
    since,
    before = LAST,
  }: {
    campaign: string;
    user_id: string;
    count: number;
    since: string | undefined;
    before: { draw_date: string; draw_no: number } | undefined;
  },
): Promise<MyResult[]> {
  const rows = await postgres.query(
    (sql) => sql<Row[]>`
      select result.id, user_id, prize_id, title, draw_date::text, draw_no, created_at, redeemed_at
      from result join prize on prize.id = prize_id and prize.campaign_id = result.campaign_id
      where user_id = ${user_id} and result.campaign_id = ${campaign}
        and (draw_date, draw_no) < (${before.draw_date}::text::date, ${before.draw_no}::int)
      order by result.draw_date desc, draw_no desc
      limit ${count}`,
  );
  return rows.map((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    redeemed_at: row.redeemed_at?.toISOString() ?? null,
    state: stateOf(row, since),
  }));
}
