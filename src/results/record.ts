import type { PendingQuery, Row, Sql } from "postgres";
import { unavailable } from "../errors.js";
import type { Win } from "../outbox/win.js";
import { isDataError, type Postgres } from "../stores/postgres.js";

/**
 * What became of a win's row in Postgres. recorded: its row is committed; participated: the user has another row that
 * day; refused: its unit is taken, or the quota has no room for it.
 */
export type RowFate = "recorded" | "participated" | "refused";

/**
 * Commits the rows of wins. Returns the fate of each, in order, or the error of a row that Postgres can't store.
 * Idempotent. Rejects with UNAVAILABLE.
 */
export async function recordAll(
  postgres: Postgres,
  campaign: string,
  wins: Win[],
  isSharded: boolean,
): Promise<(RowFate | Error)[]> {
  const distinct = new Map(wins.map((win) => [win.id, win]));
  // In a fixed order, so that two servers writing the same wins wait for each other instead of deadlocking.
  if (
    await insertAll(
      postgres,
      campaign,
      [...distinct.values()].sort(byUnit),
      isSharded,
    )
  ) {
    return wins.map(() => "recorded");
  }
  return recordEach(postgres, campaign, wins, isSharded);
}

/** On several shards: whether a win has a number that nobody may take any more, since a quota was lowered. */
const voided = (
  sql: Sql,
  campaign: string,
  draw_date: PendingQuery<Row[]>,
) => sql`
  select from shard_units v
  where v.campaign_id = ${campaign} and v.prize_id = w.prize_id and v.shard = -1
    and (v.draw_date = 'infinity' and v.held @> w.unit or v.draw_date = ${draw_date}::date and v.held @> w.day_unit)`;

/**
 * Writes all rows, or none if one of them is not new, exceeds a quota, or belongs to another day. A row costs Postgres
 * 8 to 11 microseconds this way; 18 to 22 if each may conflict and is checked against its quotas.
 */
async function insertAll(
  postgres: Postgres,
  campaign: string,
  wins: Win[],
  isSharded: boolean,
): Promise<boolean> {
  const draw_date = wins[0]?.draw_date ?? "";
  if (wins.some((win) => win.draw_date !== draw_date)) return false;
  const most = mostOfEach(wins);
  try {
    const written = await postgres.query((sql) => {
      const rest = wins.some(isSpecial) ? special(sql, wins) : plain(sql);
      return sql`
        with held as (
          select id, daily_quota, total_quota
          from prize
          where campaign_id = ${campaign} and id = any(${[...most.keys()]}::text[])
          order by id
          for key share
        )
        insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at, campaign_id ${rest.names})
        select w.id, w.user_id, w.prize_id, ${draw_date}::text::date, w.unit, w.day_unit, to_timestamp(w.created_at / 1000),
          ${campaign} ${rest.values}
        from unnest(${columns(sql, wins)} ${rest.arrays}) as w (id, user_id, prize_id, unit, day_unit, created_at ${rest.columns})
        where not exists (
          select
          from unnest(
            ${[...most.keys()]}::text[],
            ${[...most.values()].map(({ unit }) => unit)}::bigint[],
            ${[...most.values()].map(({ day_unit }) => day_unit)}::bigint[]
          ) as most (id, unit, day_unit)
          left join held on held.id = most.id
          where held.id is null or most.unit > held.total_quota or most.day_unit > held.daily_quota
        ) ${isSharded ? sql`and not exists (${voided(sql, campaign, sql`${draw_date}::text`)})` : sql``}`;
    });
    return written.count === wins.length;
  } catch (error) {
    if (isDataError(error)) return false;
    throw error;
  }
}

function byUnit(one: Win, other: Win): number {
  if (one.prize_id !== other.prize_id) {
    return one.prize_id < other.prize_id ? -1 : 1;
  }
  return one.unit - other.unit;
}

/** The greatest units of each prize. */
function mostOfEach(wins: Win[]) {
  const most = new Map<string, { unit: number; day_unit: number }>();
  for (const { prize_id, unit, day_unit } of wins) {
    const its = most.get(prize_id);
    if (!its) most.set(prize_id, { unit, day_unit });
    else {
      its.unit = Math.max(its.unit, unit);
      its.day_unit = Math.max(its.day_unit, day_unit);
    }
  }
  return most;
}

const columns = (sql: Sql, wins: Win[]) => sql`
  ${wins.map((win) => win.id)}::uuid[],
  ${wins.map((win) => win.user_id)}::text[],
  ${wins.map((win) => win.prize_id)}::text[],
  ${wins.map((win) => win.unit)}::bigint[],
  ${wins.map((win) => win.day_unit)}::bigint[],
  ${wins.map((win) => win.created_at)}::float8[]`;

/** Whether a win has one of the numbers that nearly none has. */
const isSpecial = ({ draw_no, win_no, moment_id }: Win) =>
  draw_no > 1 || win_no !== undefined || moment_id !== undefined;

const plain = (sql: Sql) => ({
  names: sql``,
  values: sql``,
  arrays: sql``,
  columns: sql``,
});

/** What a statement says besides where wins have such numbers; 0 for none. */
const special = (sql: Sql, wins: Win[]) => ({
  names: sql`, draw_no, win_no, moment_id`,
  values: sql`, w.draw_no, nullif(w.win_no, 0), nullif(w.moment_id, 0)`,
  arrays: sql`,
    ${wins.map((win) => win.draw_no)}::bigint[],
    ${wins.map((win) => win.win_no ?? 0)}::bigint[],
    ${wins.map((win) => win.moment_id ?? "0")}::bigint[]`,
  columns: sql`, draw_no, win_no, moment_id`,
});

async function recordEach(
  postgres: Postgres,
  campaign: string,
  wins: Win[],
  isSharded: boolean,
): Promise<(RowFate | Error)[]> {
  try {
    return await recordNew(postgres, campaign, wins, isSharded);
  } catch (error) {
    if (!isDataError(error)) throw error;
    // One bad row must not fail its neighbours: halve the batch until it stands alone.
    if (wins.length === 1) return [unavailable(error)];
    const middle = Math.ceil(wins.length / 2);
    return [
      ...(await recordEach(
        postgres,
        campaign,
        wins.slice(0, middle),
        isSharded,
      )),
      ...(await recordEach(postgres, campaign, wins.slice(middle), isSharded)),
    ];
  }
}

async function recordNew(
  postgres: Postgres,
  campaign: string,
  wins: Win[],
  isSharded: boolean,
): Promise<RowFate[]> {
  const written = await insertNew(postgres, campaign, wins, isSharded);
  const ids = new Set(written.map((row) => row.id));
  const missing = wins.filter((win) => !ids.has(win.id));
  if (missing.length === 0) return wins.map(() => "recorded");

  await awaitInserts(postgres, campaign, missing);
  const existing = await rowsOfUsers(postgres, campaign, missing);
  const drawOf = (of: {
    draw_date: string;
    draw_no: number;
    user_id: string;
  }) => `${of.draw_date} ${of.draw_no} ${of.user_id}`;
  const idOf = new Map(existing.map((row) => [drawOf(row), row.id]));
  return wins.map((win) => {
    const id = idOf.get(drawOf(win));
    if (ids.has(win.id) || id === win.id) return "recorded";
    return id === undefined ? "refused" : "participated";
  });
}

function insertNew(
  postgres: Postgres,
  campaign: string,
  wins: Win[],
  isSharded: boolean,
) {
  return postgres.query((sql) => {
    const rest = special(sql, wins);
    return sql<{ id: string }[]>`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at, campaign_id ${rest.names})
      select w.id, w.user_id, w.prize_id, w.draw_date::date, w.unit, w.day_unit, to_timestamp(w.created_at / 1000),
        ${campaign} ${rest.values}
      from unnest(${columns(sql, wins)} ${rest.arrays}, ${wins.map((win) => win.draw_date)}::text[])
        as w (id, user_id, prize_id, unit, day_unit, created_at ${rest.columns}, draw_date)
      join prize p
        on p.id = w.prize_id and p.campaign_id = ${campaign}
        and (p.total_quota is null or w.unit <= p.total_quota)
        and (p.daily_quota is null or w.day_unit <= p.daily_quota)
      ${isSharded ? sql`where not exists (${voided(sql, campaign, sql`w.draw_date`)})` : sql``}
      order by w.prize_id collate "C", w.unit, w.id
      for key share of p
      on conflict do nothing
      returning id`;
  });
}

/**
 * Waits for the INSERTs that still hold the prizes of these wins. An earlier attempt to write the same win, whose
 * connection broke, may be among them. Without waiting, the win would be decided again and then its row would appear
 * after all.
 */
function awaitInserts(postgres: Postgres, campaign: string, wins: Win[]) {
  return postgres.query(
    (sql) => sql`
      select
      from prize
      where campaign_id = ${campaign} and id = any(${[...new Set(wins.map((win) => win.prize_id))]}::text[])
      order by id
      for update`,
  );
}

function rowsOfUsers(postgres: Postgres, campaign: string, wins: Win[]) {
  return postgres.query(
    (sql) => sql<
      { id: string; user_id: string; draw_date: string; draw_no: number }[]
    >`
      select r.id, r.user_id, r.draw_date::text as draw_date, r.draw_no
      from unnest(
        ${wins.map((win) => win.user_id)}::text[],
        ${wins.map((win) => win.draw_date)}::text[]
      ) as w (user_id, draw_date)
      join result r on r.user_id = w.user_id and r.draw_date = w.draw_date::date and r.campaign_id = ${campaign}`,
  );
}
