import { until } from "../support/until.js";
import type { Arena } from "./arena.js";
import { broken, type Finding, type Loss, lost, seen } from "./audit.js";
import type { Clients } from "./clients.js";
import type { Entry } from "./journal.js";

/** Beside `default`, both verifiable: one with two draws a day and one win a user, one with winning moments and a release. */
export const CAMPAIGNS = ["twice", "moments"];

/** A moment falls due so often, in milliseconds. */
const EVERY = 250;

const QUOTA = 5_000;
const WINDOW = { from: "00:30:00", to: "23:30:00" };

/** The campaign of a user, by a number that a step picks. */
export const campaignOf = (pick: number): string =>
  CAMPAIGNS[pick % 5] ?? "default";

/** Makes them, with moments for so many seconds, and waits until every server serves them. */
export async function makeCampaigns({ world, slots }: Arena, seconds: number) {
  const { sql } = world;
  await sql`
    insert into campaign (id, title, draws_per_day, wins_per_user, verifiable, proof_names)
    values ('twice', 'two draws, one win', 2, 1, true, 'open'), ('moments', 'moments and a release', 1, null, true, 'sealed')`;
  await sql`
    insert into prize (campaign_id, id, title, probability, daily_quota, release_from, release_to) values
      ('twice', 'PEN', 'a pen', 0.5, null, null, null),
      ('moments', 'CAR', 'a car', 0, null, null, null),
      ('moments', 'DRIP', 'a drip', 0.6, ${QUOTA}, ${WINDOW.from}, ${WINDOW.to})`;
  await sql`
    insert into moment (campaign_id, prize_id, at)
    select 'moments', 'CAR', now() + n * ${EVERY}::int * interval '1 ms'
    from generate_series(1, ${Math.ceil((seconds * 1_000) / EVERY)}::int) n`;
  for (const { url } of slots) {
    for (const campaign of CAMPAIGNS) {
      await until(`${campaign} at ${url}`, async () => {
        const answer = await fetch(`${url}/prizes?campaign=${campaign}`);
        if (answer.status !== 200) throw new Error(await answer.text());
      });
    }
  }
}

type Row = { id: string; user_id: string; campaign_id: string };

/** What must hold of them once all is quiet. */
export async function auditCampaigns(
  { world, slots }: Arena,
  clients: Clients,
  losses: Loss[],
): Promise<Finding[]> {
  const { sql } = world;
  const readRows = () => sql<Row[]>`
    select id, user_id, campaign_id from result where campaign_id <> 'default'`;
  const draws = () =>
    clients.journal.filter(
      ({ act, campaign }) => act === "draw" && campaign !== "default",
    );
  const announced = () => {
    const told = draws().filter(({ id }) => id);
    return new Map(told.map(({ id, user }) => [id ?? "", user] as const));
  };
  // Who was not told a win asks until it is told: with draws left, another draw may come between.
  for (const { id, user_id, campaign_id } of await readRows()) {
    const user = { name: user_id, campaign: campaign_id };
    for (let n = 0; n < 4 && !announced().has(id); n += 1) {
      await clients.ask(user, n % slots.length);
    }
  }
  // Fresh callers claim what is due, whatever a lost decision left.
  for (let n = 0; n < 200; n += 1) {
    const user = { name: `late ${n}`, campaign: "moments" };
    const { prize } = await clients.ask(user, n % slots.length);
    if (prize !== "CAR" && n > 20) break;
  }
  const rows = await readRows();
  const ids = new Map(rows.map((row) => [row.id, row.user_id]));
  const [found] = await sql<Record<string, number>[]>`
    select
      (select count(*)::int from (
        select from result where campaign_id = 'twice' group by user_id having count(*) > 1) as x) as limited,
      (select count(*)::int from moment m
        where m.at < now() - interval '1 s' and not exists (select from result where moment_id = m.id)) as unclaimed,
      (select count(*)::int from result where prize_id = 'CAR' and moment_id is null) as unasked,
      (select count(*)::int from result r join moment m on m.id = r.moment_id where r.created_at < m.at) as early,
      (select count(*)::int from result where moment_id is not null) as claimed`;
  return [
    seen("wins in other campaigns", rows.length),
    seen("… by a winning moment", found?.claimed ?? 0),
    broken(
      "… announced but missing, or somebody else's",
      [...announced()].filter(([id, user]) => ids.get(id) !== user),
    ),
    broken(
      "… not told, though the winner asked to the end",
      rows.filter(({ id }) => !announced().has(id)),
    ),
    broken("… beyond the limit of a user", found?.limited ?? 0),
    broken(
      "users with more draws than their campaign gives",
      tooMany(draws(), losses),
    ),
    broken("moments that nobody got", found?.unclaimed ?? 0),
    broken("moments won too early", found?.early ?? 0),
    broken("cars without a moment", found?.unasked ?? 0),
    broken("units before their release", await beforeRelease(sql, slots)),
  ];
}

/** Users who were shown more decisions than their campaign gives, those aside that Redis may have lost. */
function tooMany(draws: Entry[], losses: Loss[]): string[] {
  const shown = new Map<string, Set<string>>();
  for (const [n, it] of draws.entries()) {
    if (it.status !== 200 || lost(it, losses)) continue;
    const user = `${it.campaign} ${it.user}`;
    const decisions = shown.get(user) ?? new Set();
    shown.set(user, decisions);
    if (it.what === "won") decisions.add(it.id ?? "");
    if (it.what === "no_prize") decisions.add(it.key ?? `request ${n}`);
  }
  return [...shown].flatMap(([user, decisions]) =>
    decisions.size > (user.startsWith("twice ") ? 2 : 1) ? [user] : [],
  );
}

/** Every unit of the day against the share of the window that was over when it was won, in the servers' zone. */
async function beforeRelease(
  sql: Arena["world"]["sql"],
  slots: Arena["slots"],
) {
  const answer = await fetch(`${slots[0]?.url}/campaigns`);
  const { data } = (await answer.json()) as {
    data: { campaigns: { time_zone: string }[] };
  };
  const zone = data.campaigns[0]?.time_zone ?? "UTC";
  return sql`
    select r.day_unit, r.created_at from result r,
      lateral (select
        (r.draw_date + ${WINDOW.from}::text::time) at time zone ${zone} as opens,
        (r.draw_date + ${WINDOW.to}::text::time) at time zone ${zone} as closes) as w
    where r.prize_id = 'DRIP' and r.day_unit > floor(${QUOTA}::int
      * extract(epoch from date_trunc('milliseconds', r.created_at) - w.opens) / extract(epoch from w.closes - w.opens))`;
}
