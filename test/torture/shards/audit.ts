import {
  broken,
  byUser,
  drewAgain,
  type Finding,
  keysWithTwo,
  type Loss,
  misled,
  others,
  type Row,
  seen,
  twice,
} from "../audit.js";
import type { Entry } from "../journal.js";
import type { Arena } from "./arena.js";
import { CHANCE, LIMITED, outboxes } from "./campaigns.js";

/** So many standard deviations off counts as broken: by chance once in thirty thousand runs. */
const MOST_OFF = 4.2;

/** What must hold once all is quiet and the prizes with a limit were drawn to their end. `load`: what was drawn before that. */
export async function audit(
  { world, slots, mishaps }: Arena,
  journal: Entry[],
  load: Entry[],
  losses: Loss[],
): Promise<Finding[]> {
  const { sql, redis } = world;
  const rows = await sql<(Row & { campaign_id: string })[]>`
    select id, user_id, prize_id, unit::int as unit, campaign_id from result`;
  const draws = journal.filter(({ act }) => act === "draw");
  const once = draws.filter(({ campaign }) => campaign !== "twice");
  const toldIn = (some: Entry[]) =>
    new Map(some.flatMap(({ id, user }) => (id ? [[id, user] as const] : [])));
  const announced = toldIn(draws);
  const ids = new Set(rows.map(({ id }) => id));
  const again = drewAgain(byUser(once), losses);
  const status = (wanted: number) =>
    journal.filter((entry) => entry.status === wanted).length;
  let left = 0;
  for (const outbox of outboxes()) left += await redis.xlen(outbox);
  const [found] = await sql<Record<string, number>[]>`
    select
      (select count(*)::int from (
        select from result where campaign_id = 'twice' group by user_id having count(*) > 1) as x) as beyond,
      (select count(*)::int from moment m where m.at < now() - interval '1 s'
        and not exists (select from result where moment_id = m.id)) as unclaimed,
      (select count(*)::int from result r join moment m on m.id = r.moment_id where r.created_at < m.at) as early,
      (select count(*)::int from result where moment_id is not null) as claimed`;
  return [
    seen("servers", slots.length),
    seen("draws tried", draws.length),
    seen("answers 200", status(200)),
    seen("refusals 503", status(503)),
    seen("connections that broke: outcome unknown", status(0)),
    broken("other answers", others(journal)),
    seen("announced wins", announced.size),
    seen("wins in Postgres", rows.length),
    broken(
      "announced but missing",
      [...announced].filter(([id]) => !ids.has(id)),
    ),
    broken("announced to somebody else", misled(announced, rows)),
    broken(
      "wins whose winner asked to the end and was not told",
      rows.filter(({ id }) => !announced.has(id)),
    ),
    broken("users with two wins in a day", twice(toldIn(once))),
    broken("users with two draws in a day", again.users),
    seen("… within the stated limit (Redis lost a losing draw)", again.limit),
    broken("winners who drew again", again.winners),
    broken("keys with two outcomes", keysWithTwo(once, losses)),
    ...LIMITED.flatMap((prize) => quotaOf(prize, rows)),
    seen("wins by a moment", found?.claimed ?? 0),
    broken("moments that nobody got", found?.unclaimed ?? 0),
    broken("moments won too early", found?.early ?? 0),
    broken("users beyond one win, where that is the limit", found?.beyond ?? 0),
    ...oddsOf(load),
    broken("results left in the outboxes", left),
    broken("servers' errors, and ends unasked for", mishaps),
  ];
}

/** Exactly its quota went, by the numbers from 1 on. */
function quotaOf(
  {
    id,
    total_quota,
    daily_quota,
  }: { id: string; total_quota: number | null; daily_quota: number | null },
  rows: Row[],
): Finding[] {
  const quota = Math.min(total_quota ?? Infinity, daily_quota ?? Infinity);
  const units = rows.filter((row) => row.prize_id === id).map((it) => it.unit);
  const gone = new Set(units);
  const missing = Array.from({ length: quota }, (_, n) => n + 1).filter(
    (unit) => !gone.has(unit) && total_quota === quota,
  );
  return [
    broken(`units of ${id} beyond ${quota}`, Math.max(0, units.length - quota)),
    broken(
      `units of ${id} that nobody got, of ${quota}`,
      missing.length > 0 ? missing : Math.max(0, quota - units.length),
    ),
  ];
}

/** A prize without a limit against its odds: chi-square with one degree of freedom. */
function oddsOf(load: Entry[]): Finding[] {
  const ends = new Map<string, Entry>();
  for (const entry of load) {
    if (entry.campaign !== "free") continue;
    const isEnd = entry.what === "won" || entry.what === "no_prize";
    if (isEnd && !ends.has(entry.user)) ends.set(entry.user, entry);
  }
  const all = [...ends.values()];
  const won = all.filter(({ prize }) => prize === "SAP").length;
  const expected = CHANCE * all.length;
  const variance = expected * (1 - CHANCE);
  const square = (won - expected) ** 2 / variance;
  const isOff = square > MOST_OFF ** 2;
  const text = `SAP ${won} times, ${Math.round(expected)} expected, chi-square`;
  return [
    seen(`draws that show the odds: ${text} ${square.toFixed(2)}`, all.length),
    broken("odds that are not as published", isOff ? 1 : 0),
  ];
}
