import createSql, { type PendingQuery, type Row, type Sql } from "postgres";
import { within } from "./deadline.js";
import { unavailable } from "./errors.js";
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
  close(): Promise<void>;
};

/** How long a statement may take, in milliseconds, by Postgres's clock and by ours (a half-open link never answers). */
const PATIENCE = 1_000;

/** SQLSTATE classes of a server that can't serve now: connection, resources, operator, rollback, read-only. */
const AWAY = /^(08|53|57|40|25006)/;

export function createPostgres(url: string): Postgres {
  let sql = connect(url);

  async function query<T extends Row[]>(
    statement: (sql: Sql) => PendingQuery<T>,
    tries = 2,
  ): Promise<T & { count: number }> {
    const pool = sql;
    try {
      return (await within(PATIENCE, statement(pool), timeout)) as T & {
        count: number;
      };
    } catch (error) {
      if (isTimeout(error)) replace(pool);
      else if (isAway(error) && tries > 1) return query(statement, tries - 1);
      throw isDataError(error) ? error : unavailable(error);
    }
  }

  // A statement that never answered holds its connection for good, so the whole pool gives way to a new one.
  function replace(pool: Sql): void {
    if (pool !== sql) return;
    sql = connect(url);
    pool.end({ timeout: 0 }).catch(() => {});
  }

  return { query, close: () => sql.end({ timeout: 1 }) };
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

const quoted = (items: Items) => plain(items.map(quote));

function quote(item: string | number): string {
  const text = String(item);
  const escaped = /["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text;
  return `"${escaped}"`;
}

/** Arrays as parameters, by their object ids in pg_type. */
const ARRAYS = {
  text: array(1009, quoted),
  bigint: array(1016, plain),
  float8: array(1022, plain),
  uuid: array(2951, plain),
};

function connect(url: string): Sql {
  const [address, socket] = postgresAddress(url);
  return createSql(address, {
    ...socket,
    max: 5,
    connect_timeout: 1,
    backoff: () => 0.1,
    onnotice: () => {},
    // The question for the database's array types, which postgres.js asks on every connection, is awaited by nobody: a
    // connection destroyed under it ended the process. So the few that we send are named here.
    fetch_types: false,
    types: ARRAYS,
    connection: {
      application_name: "lucky-draw",
      statement_timeout: PATIENCE,
      // Without statistics yet, PostgreSQL overrates a reload and compiles it, for a second on a busy machine.
      jit: "off",
    },
  });
}
