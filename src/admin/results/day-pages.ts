import { stateOf } from "../../results/claim.js";
import type { Postgres } from "../../stores/postgres.js";
import {
  type DayPlace,
  type Filter,
  type ResultRow,
  readDay,
} from "./find-results.js";

export type DayPage = {
  results: ResultRow[];
  /** where the next page begins after; undefined after the last one */
  next: DayPlace | undefined;
};

/**
 * A page of a day's wins, by prize, the latest unit first. It reads `count` wins, so that with a state that has no index
 * it may be shorter, even empty, and its cost is bounded all the same.
 */
export async function readDayPage(
  postgres: Postgres,
  filter: Filter & { campaign: string; day: string },
  since: string | undefined,
  { after, count }: { after: DayPlace | undefined; count: number },
): Promise<DayPage> {
  const { campaign, day, prize_id, state } = filter;
  const unredeemed = stateOf({ redeemed_at: null, draw_date: day }, since);
  if (state && state !== "redeemed" && state !== unredeemed) {
    return { results: [], next: undefined };
  }
  const redeemed = state === "redeemed";
  const rows = await readDay(postgres, {
    campaign,
    day,
    prize_id,
    redeemed,
    after,
    count,
  });
  const results = rows.filter((row) => !state || stateOf(row, since) === state);
  return { results, next: rows.length < count ? undefined : rows.at(-1) };
}

/** Wins read at a time: little memory, and a few milliseconds of work between which others are served. */
const PAGE_SIZE = 500;

/** All of a day's wins, page by page. */
export async function* dayPages(
  postgres: Postgres,
  filter: Filter & { campaign: string; day: string },
  since: string | undefined,
): AsyncGenerator<ResultRow[]> {
  let after: DayPlace | undefined;
  do {
    const page = await readDayPage(postgres, filter, since, {
      after,
      count: PAGE_SIZE,
    });
    yield page.results;
    after = page.next;
  } while (after);
}

/** How many wins a day has at most, from the ends of an index: a unit that was lost on the way counts. */
export async function countDay(
  postgres: Postgres,
  { campaign, day, prize_id }: Filter & { campaign: string; day: string },
): Promise<number> {
  const [row] = await postgres.query(
    (sql) => sql<{ count: number }[]>`
      select coalesce(sum((
        select max(r.day_unit) from result r
        where r.prize_id = p.id and r.campaign_id = p.campaign_id and r.draw_date = ${day}::text::date
      )), 0)::float8 as count
      from prize p
      where p.campaign_id = ${campaign} ${prize_id === undefined ? sql`` : sql`and p.id = ${prize_id}`}`,
  );
  return row?.count ?? 0;
}
