import { readdir, readFile } from "node:fs/promises";
import createSql, { type Sql } from "postgres";
import { SetupError } from "./errors.js";
import { postgresAddress } from "./socket-url.js";

const folder = new URL("../sql/", import.meta.url);

/** Any number that every server shares: the advisory lock under which one of them migrates. */
const LOCK = 7_364_001;

/**
 * Applies the numbered files of `sql/` that the database has not seen, in order, each in a transaction. Any number of
 * servers may call it at once, and a role that may only serve where nothing is missing. Answers with the files applied.
 * Rejects with Postgres's error, or with a sentence where the role may not migrate.
 */
export async function migrate(
  url: string,
  samplePrizes: boolean,
): Promise<string[]> {
  const [address, socket] = postgresAddress(url);
  const sql = createSql(address, {
    ...socket,
    max: 1,
    connect_timeout: 2,
    onnotice: () => {},
    connection: { application_name: "lucky-draw-migrate" },
  });
  const applied: string[] = [];
  let missing: string[] | undefined;
  try {
    // Held by the session: it goes with the connection, however this process ends.
    await sql`select pg_advisory_lock(${LOCK})`;
    missing = await missingIn(sql);
    if (missing.length > 0) await createList(sql);
    for (const name of missing) {
      const text = await readFile(new URL(name, folder), "utf8");
      await sql.begin(async (step) => {
        await step.unsafe(text);
        await step`insert into migration (name) values (${name})`;
      });
      applied.push(name);
    }
    if (samplePrizes) {
      await sql.unsafe(
        await readFile(new URL("sample_prizes.sql", folder), "utf8"),
      );
    }
  } catch (error) {
    throw isDenied(error) ? denied(missing) : error;
  } finally {
    await sql.end({ timeout: 1 });
  }
  return applied;
}

/** The files of `sql/` that the database has not seen, in order. */
async function missingIn(sql: Sql): Promise<string[]> {
  const [list] =
    await sql`select to_regclass('migration') is not null as there`;
  const seen = list?.there
    ? await sql<{ name: string }[]>`select name from migration`
    : [];
  const names = new Set(seen.map((row) => row.name));
  return (await migrations()).filter((name) => !names.has(name));
}

const createList = (sql: Sql) => sql`
  create table if not exists migration (
    name text primary key,
    applied_at timestamptz not null default now()
  )`;

/** SQLSTATE insufficient_privilege. */
const isDenied = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "42501";

const denied = (missing = ["what is missing"]) =>
  new SetupError(
    missing.length > 0
      ? `The role of DATABASE_URL may not migrate, and ${missing.join(", ")} of sql/ must be applied first: run npm run migrate with the owner's DATABASE_URL.`
      : "The role of DATABASE_URL may not insert prizes: start without --sample-prizes.",
  );

/** The numbered files of `sql/`, in order. */
export async function migrations(): Promise<string[]> {
  const files = await readdir(folder);
  return files.filter((name) => /^\d{3}_.*\.sql$/.test(name)).sort();
}
