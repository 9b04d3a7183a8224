import type { Sql } from "postgres";
import { until } from "../../test/support/until.js";
import type { Load } from "./load.js";

/**
 * What must not exist after a load of unique users: read from Postgres when all is quiet. `except`: a prize whose wins were
 * there before.
 */
export async function audit(
  sql: Sql,
  loads: Load[],
  except = "",
): Promise<string[]> {
  const announced = loads.reduce((sum, { wins }) => sum + wins, 0);
  const sample = loads.flatMap((load) => load.sample);
  let rows = await count(sql, except);
  // Draws under way when the load ended are written although nobody saw their answers.
  await until("an end of writing", async () => {
    const before = rows;
    await new Promise((resolve) => setTimeout(resolve, 100));
    rows = await count(sql, except);
    if (rows !== before) throw new Error("still writing");
  });
  const [row] = await sql`
    select
      (select count(*)::int from unnest(${sample}::uuid[]) as a (id)
        where not exists (select from result r where r.id = a.id)) as "announced wins without a row",
      (select count(*)::int from (
        select from result group by user_id, draw_date, campaign_id, draw_no having count(*) > 1) as x) as "users with two wins",
      (select count(*)::int from prize p where p.total_quota < (
        select count(*) from result r where r.prize_id = p.id and r.campaign_id = p.campaign_id)) as "total quotas passed",
      (select count(*)::int from (
        select from result r join prize p on p.id = r.prize_id and p.campaign_id = r.campaign_id
        group by p.campaign_id, p.id, r.draw_date having count(*) > p.daily_quota) as x) as "daily quotas passed"`;
  const problems = Object.entries({
    ...row,
    "announced wins beyond the rows": Math.max(0, announced - rows),
    "rows beyond the announced wins": Math.max(
      0,
      rows - announced - inFlight(loads),
    ),
  });
  const found = problems.filter(([, n]) => n > 0);
  if (announced === 0) found.push(["wins announced", 0]);
  return found.map(([what, n]) => `${what}: ${n}`);
}

/** autocannon hangs up on the requests under way: up to one a connection and run. */
const inFlight = (loads: Load[]) =>
  loads.reduce((sum, { connections }) => sum + connections, 0);

/** Rows of all prizes but one, whose wins were there before. */
async function count(sql: Sql, except: string): Promise<number> {
  const [row] = await sql`
    select count(*)::int as n from result where prize_id <> ${except}`;
  return row?.n ?? 0;
}
