import { createBatcher } from "./batch.js";
import { unavailable } from "./errors.js";
import { isDataError, type Postgres } from "./postgres.js";
import type { Win } from "./win.js";

/** A result as the callers see it: `created_at` is RFC 3339 in UTC. */
export type Result = {
  id: string;
  user_id: string;
  prize_id: string;
  created_at: string;
};

/**
 * What became of a win in Postgres.
 * recorded: its row is committed; participated: the user has another row that day;
 * refused: its unit is taken, or the quota has no room for it.
 */
export type Fate = "recorded" | "participated" | "refused";

export type Results = {
  /** Commits a win's row, together with all that arrive meanwhile. Idempotent. Rejects with UNAVAILABLE. */
  record(win: Win): Promise<Fate>;
  /** The user's result of a day. Rejects with UNAVAILABLE. */
  find(userId: string, date: string): Promise<Result | undefined>;
  /** How many wins wait for their rows, and whether Postgres has gone silent over them. */
  waiting(): { wins: number; stalled: boolean };
  idle(): Promise<void>;
};

/** An INSERT takes a few milliseconds; past this many Postgres is taken for silent. */
const STALLED = 200;

/** Rows per INSERT. */
const LARGEST = 500;

export function createResults(postgres: Postgres): Results {
  const inserts = createBatcher<Win, Fate>(insert, LARGEST);

  async function insert(wins: Win[]): Promise<(Fate | Error)[]> {
    try {
      return await recordAll(postgres, wins);
    } catch (error) {
      if (!isDataError(error)) throw error;
      // One bad row must not fail its neighbours: halve until it stands alone.
      if (wins.length === 1) return [unavailable(error)];
      const middle = Math.ceil(wins.length / 2);
      return [
        ...(await insert(wins.slice(0, middle))),
        ...(await insert(wins.slice(middle))),
      ];
    }
  }

  return {
    record: inserts.add,
    find: (userId, date) => findResult(postgres, userId, date),
    waiting: () => {
      const { items, running } = inserts.underWay();
      return { wins: items, stalled: running > STALLED };
    },
    idle: inserts.idle,
  };
}

async function recordAll(postgres: Postgres, wins: Win[]): Promise<Fate[]> {
  const written = await insertRows(postgres, wins);
  const ids = new Set(written.map((row) => row.id));
  const missing = wins.filter((win) => !ids.has(win.id));
  if (missing.length === 0) return wins.map(() => "recorded");

  const standing = await rowsOfUsers(postgres, missing);
  const idOf = new Map(
    standing.map((row) => [`${row.draw_date} ${row.user_id}`, row.id]),
  );
  return wins.map((win) => {
    const id = idOf.get(`${win.draw_date} ${win.user_id}`);
    if (ids.has(win.id) || id === win.id) return "recorded";
    return id === undefined ? "refused" : "participated";
  });
}

/** Sorted, so that two servers that write the same wins, or the same units, wait for each other and don't deadlock. */
function insertRows(postgres: Postgres, wins: Win[]) {
  return postgres.query(
    (sql) => sql<{ id: string }[]>`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      select w.id, w.user_id, w.prize_id, w.draw_date::date, w.unit, w.day_unit, to_timestamp(w.created_at / 1000)
      from unnest(
        ${wins.map((win) => win.id)}::uuid[],
        ${wins.map((win) => win.user_id)}::text[],
        ${wins.map((win) => win.prize_id)}::text[],
        ${wins.map((win) => win.draw_date)}::text[],
        ${wins.map((win) => win.unit)}::bigint[],
        ${wins.map((win) => win.day_unit)}::bigint[],
        ${wins.map((win) => win.created_at)}::float8[]
      ) as w (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      join prize p
        on p.id = w.prize_id
        and (p.total_quota is null or w.unit <= p.total_quota)
        and (p.daily_quota is null or w.day_unit <= p.daily_quota)
      order by w.prize_id, w.unit, w.id
      on conflict do nothing
      returning id`,
  );
}

function rowsOfUsers(postgres: Postgres, wins: Win[]) {
  return postgres.query(
    (sql) => sql<{ id: string; user_id: string; draw_date: string }[]>`
      select r.id, r.user_id, r.draw_date::text as draw_date
      from unnest(
        ${wins.map((win) => win.user_id)}::text[],
        ${wins.map((win) => win.draw_date)}::text[]
      ) as w (user_id, draw_date)
      join result r on r.user_id = w.user_id and r.draw_date = w.draw_date::date`,
  );
}

async function findResult(
  postgres: Postgres,
  userId: string,
  date: string,
): Promise<Result | undefined> {
  const [row] = await postgres.query(
    (sql) => sql<(Omit<Result, "created_at"> & { created_at: Date })[]>`
      select id, user_id, prize_id, created_at
      from result
      where user_id = ${userId} and draw_date = ${date}::text::date`,
  );
  return row && { ...row, created_at: row.created_at.toISOString() };
}
