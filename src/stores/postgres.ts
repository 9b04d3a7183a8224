import createSql, { type PendingQuery, type Row, type Sql } from "postgres";
import { within } from "../deadline.js";
import { unavailable } from "../errors.js";
import { bareUrl, searchPathOf } from "./database-url.js";
import { arrayText, textOf, withLiterals } from "./literals.js";
import { preamble, startup } from "./session.js";
import { postgresAddress } from "./socket-url.js";

export type Postgres = {
  /**
   * Runs one idempotent statement. It is tried once more where the connection failed under it: after a backend was
   * killed, postgres.js fails the next query on that connection unrun. Rejects with Postgres's error where the data was
   * refused, else with UNAVAILABLE.
   */
  query<T extends Row[]>(
    statement: (sql: Sql) => PendingQuery<T>,
  ): Promise<T & { count: number }>;
  /** Whether statements go through a pooler, as far as was noticed. */
  isPooled(): boolean;
  close(): Promise<void>;
};

/** How long a statement may take, by Postgres's clock and by ours (a half-open connection never answers). */
const STATEMENT_TIMEOUT_MS = 1_000;

/** SQLSTATE classes of a server that can't serve now: connection, resources, operator, rollback, read-only. */
const AWAY = /^(08|53|57|40|25006)/;

type Statement<T extends Row[]> = (sql: Sql) => PendingQuery<T>;

/** Most links of a server at a time. */
const LINKS = 5;

/** The same of all its workers, as long as each has two: a PostgreSQL takes 100 unless told otherwise. */
const LINKS_OF_ALL = 60;

/** Most links of each of so many workers. */
export const linksOf = (workers: number): number =>
  Math.max(2, Math.min(LINKS, Math.floor(LINKS_OF_ALL / workers)));

/** Connects at the first statement. Behind a pooler, which it notices, statements take another form. */
export function createPostgres(url: string, links = LINKS): Postgres {
  let isPooled = false;
  let isProven = false;
  let sql = connect(url, isPooled, links);

  async function query<T extends Row[]>(
    statement: Statement<T>,
    tries = 2,
  ): Promise<T & { count: number }> {
    const pool = sql;
    try {
      return (await within(
        STATEMENT_TIMEOUT_MS,
        run(pool, statement),
        timeout,
      )) as T & {
        count: number;
      };
    } catch (error) {
      if (isTimeout(error)) replace(pool);
      else if (isPooler(error) && !(isPooled && pool === sql)) {
        isPooled = true;
        replace(pool);
        return query(statement, tries);
      } else if (isAway(error) && tries > 1) return query(statement, tries - 1);
      throw isDataError(error) ? error : unavailable(error);
    }
  }

  async function run<T extends Row[]>(pool: Sql, statement: Statement<T>) {
    if (!isPooled && !isProven) await prove(pool);
    return ownRows(
      await (isPooled ? runAlone(pool, url, statement) : statement(pool)),
    );
  }

  /** A pooler may also swallow startup parameters: then the link does not have what we asked for. */
  async function prove(pool: Sql): Promise<void> {
    const [row] = ownRows(
      await pool.unsafe(
        "select current_setting('statement_timeout') as patience",
      ),
    );
    isProven = true;
    if (row?.patience !== "1s") isPooled = true;
  }

  // A statement that never returned holds its connection for good, so the whole pool is replaced.
  function replace(pool: Sql): void {
    if (pool !== sql) return;
    sql = connect(url, isPooled, links);
    pool.end({ timeout: 0 }).catch(() => {});
  }

  return {
    query,
    isPooled: () => isPooled,
    close: () => sql.end({ timeout: 1 }),
  };
}

/**
 * The rows of an answer without the holes before them. postgres.js (3.4.9) keeps its row counter if a connection breaks
 * in the middle of an answer: the next answer on it begins with that many holes, and its first row seems to be missing.
 */
function ownRows<T extends Row[]>(answer: T): T {
  const first = answer.findIndex((row) => row !== undefined);
  if (first > 0) {
    answer.copyWithin(0, first);
    answer.length -= first;
  }
  return answer;
}

/**
 * Runs a statement in one message with all that it depends on. One trip instead of two, which an unnamed statement with
 * parameters takes.
 */
async function runAlone<T extends Row[]>(
  pool: Sql,
  url: string,
  statement: Statement<T>,
): Promise<T> {
  const text = textOf(statement(withLiterals));
  const answer = await pool.unsafe(
    preamble(STATEMENT_TIMEOUT_MS, searchPathOf(url)) + text,
  );
  // Where it has rows, postgres.js answers with a result for each statement of the message.
  const last = answer.at(-1);
  return (Array.isArray(last) ? last : answer) as unknown as T;
}

/**
 * Whether an error comes of a pooler: PgBouncer refuses a startup parameter that it can't pass on, and behind any of them
 * in transaction mode a named statement is unknown to the next connection, or known to it already. Nothing was run.
 */
export function isPooler(error: unknown): boolean {
  const code = sqlState(error);
  if (code === "26000" || code === "42P05") return true;
  return (
    code === "08P01" &&
    /unsupported startup parameter/.test((error as Error).message)
  );
}

/** Whether Postgres is away for now: the network's errors carry no SQLSTATE. */
export function isAway(error: unknown): boolean {
  const code = sqlState(error);
  return code === undefined || AWAY.test(code);
}

/** Whether the data of a statement was refused: SQLSTATE classes 22 and 23. */
export const isDataError = (error: unknown) =>
  /^2[23]/.test(sqlState(error) ?? "");

/** The SQLSTATE of an error that Postgres reported. */
function sqlState(error: unknown): string | undefined {
  const reported = error instanceof Error && error.name === "PostgresError";
  return reported && "code" in error ? String(error.code) : undefined;
}

const timeout = () =>
  Object.assign(new Error("Postgres did not answer in time"), {
    code: "TIMEOUT",
  });

const isTimeout = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "TIMEOUT";

type Items = (string | number)[];

const array = (oid: number, serialize: (items: Items) => string) => ({
  to: oid,
  from: [],
  serialize,
  parse: String,
});

const plain = (items: Items) => `{${items.join(",")}}`;

/** Arrays as parameters, by their object ids in pg_type. */
const ARRAYS = {
  text: array(1009, arrayText),
  bigint: array(1016, plain),
  float8: array(1022, plain),
  uuid: array(2951, plain),
};

function connect(url: string, isPooled: boolean, links: number): Sql {
  const [address, socket] = postgresAddress(url);
  return createSql(bareUrl(address), {
    ...socket,
    max: links,
    connect_timeout: 1,
    backoff: () => 0.1,
    onnotice: () => {},
    // The question for the database's array types, which postgres.js asks on every connection, is awaited by nobody: a
    // connection destroyed under it ended the process. So the few that we send are named here.
    fetch_types: false,
    types: ARRAYS,
    connection: {
      application_name: "lucky-draw",
      ...startup(STATEMENT_TIMEOUT_MS, isPooled, searchPathOf(url)),
    },
  });
}
