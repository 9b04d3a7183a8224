import type { Postgres } from "../stores/postgres.js";
import { type State, stateOf } from "./claim.js";
import type { Result } from "./results.js";

/** A win as its winner sees it. `draw_date` is the campaign's day, moments are RFC 3339 in UTC. */
export type MyResult = Result & {
  title: string;
  draw_date: string;
  state: State;
  redeemed_at: string | null;
};

type Row = Omit<MyResult, "created_at" | "redeemed_at" | "state"> & {
  created_at: Date;
  redeemed_at: Date | null;
};

/**
 * A user's wins, newest first, at most `count`, of draw dates before `before` where one is given; those before `since` are forfeited unless redeemed. A user has one a day, so
 * the unique index on user and date leads straight to them. Rejects with UNAVAILABLE.
 */
export async function findMine(
  postgres: Postgres,
  {
    user_id,
    count,
    since,
    before = "infinity",
  }: {
    user_id: string;
    count: number;
    since: string | undefined;
    before: string | undefined;
  },
): Promise<MyResult[]> {
  const rows = await postgres.query(
    (sql) => sql<Row[]>`
      select result.id, user_id, prize_id, title, draw_date::text, created_at, redeemed_at
      from result join prize on prize.id = prize_id
      where user_id = ${user_id} and draw_date < ${before}::text::date
      order by result.draw_date desc
      limit ${count}`,
  );
  return rows.map((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    redeemed_at: row.redeemed_at?.toISOString() ?? null,
    state: stateOf(row, since),
  }));
}
