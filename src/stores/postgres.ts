import type { PendingQuery, Row, Sql } from "postgres";
import { within } from "../deadline.js";
import { unavailable } from "../errors.js";
import {
  isAway,
  isDataError,
  isPooler,
  isReadOnly,
} from "./database/failures.js";
import { createPools } from "./database/pool.js";
import { searchPathOf } from "./database-url.js";
import { textOf, withLiterals } from "./literals.js";
import { preamble } from "./session.js";

export { isAway, isDataError } from "./database/failures.js";

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

type Statement<T extends Row[]> = (sql: Sql) => PendingQuery<T>;

/** Most links of a server at a time. */
const LINKS = 5;

/** The same of all its workers, as long as each has two: a PostgreSQL takes 100 unless told otherwise. */
const LINKS_OF_ALL = 60;

/** Most links of each of so many workers. */
export const linksOf = (workers: number): number =>
  Math.max(2, Math.min(LINKS, Math.floor(LINKS_OF_ALL / workers)));

/**
 * Connects at the first statement, to the host of `url` that takes writes. Behind a pooler, which it notices, statements take
 * another form.
 */
export function createPostgres(url: string, links = LINKS): Postgres {
  let isPooled = false;
  let isProven = false;
  const limits = { patience: STATEMENT_TIMEOUT_MS, links };
  const pools = createPools(url, limits, () => isPooled);

  async function query<T extends Row[]>(
    statement: Statement<T>,
    tries = 2,
  ): Promise<T & { count: number }> {
    let pool = pools.current();
    const work = async () => {
      pool ??= await pools.find();
      return run(pool, statement);
    };
    try {
      return (await within(STATEMENT_TIMEOUT_MS, work(), timeout)) as T & {
        count: number;
      };
    } catch (error) {
      // A statement that never returned holds its connection for good.
      if (isTimeout(error)) pools.replace(pool, 0);
      else if (isPooler(error) && !(isPooled && pool === pools.current())) {
        isPooled = true;
        pools.replace(pool, 0);
        return query(statement, tries);
      } else if (isAway(error)) {
        if (isReadOnly(error)) pools.replaceReadOnly(pool);
        else pools.doubt();
        if (tries > 1) return query(statement, tries - 1);
      }
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

  return {
    query,
    isPooled: () => isPooled,
    close: pools.close,
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

const timeout = () =>
  Object.assign(new Error("Postgres did not answer in time"), {
    code: "TIMEOUT",
  });

const isTimeout = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "TIMEOUT";
