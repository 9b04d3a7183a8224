import { readdir, readFile } from "node:fs/promises";
import type { Sql } from "postgres";
import { SetupError } from "../errors.js";
import { ROOT } from "../root.js";
import { findWay } from "./database/primary.js";
import { openLinks } from "./database/way.js";
import { searchPathOf } from "./database-url.js";
import { preamble, tracked } from "./session.js";

const folder = new URL("sql/", ROOT);

/** Any number that every server shares: the advisory lock under which one of them migrates. */
const ADVISORY_LOCK = 7_364_001;

/**
 * Applies the numbered files of `sql/` that the database has not seen, in order, each in a transaction. Any number of
 * servers may call it at once, and a role that may only serve where nothing is missing. Returns the files applied.
 * Rejects with Postgres's error, or with a sentence where the role may not migrate or the database is not fit.
 */
export async function migrate(
  url: string,
  samplePrizes: boolean,
): Promise<string[]> {
  const sql = await connectOnce(url);
  const applied: string[] = [];
  let missing: string[] | undefined;
  try {
    await refuseUnfit(sql);
    await refuseForeign(sql, url);
    missing = await missingIn(sql, url);
    while (missing[0] !== undefined) {
      if (await apply(sql, url, missing[0])) applied.push(missing[0]);
      missing = await missingIn(sql, url);
    }
    if (samplePrizes) await run(sql, url, await read("sample_prizes.sql"));
  } catch (error) {
    throw isDenied(error) ? denied(missing) : error;
  } finally {
    await sql.end({ timeout: 1 });
  }
  return applied;
}

/** A connection for a few messages, each complete in itself: it may lead through a pooler. */
export async function connectOnce(url: string): Promise<Sql> {
  return openLinks(await findWay(url), {
    max: 1,
    connect_timeout: 2,
    onnotice: () => {},
    fetch_types: false,
    connection: { application_name: "lucky-draw-migrate", ...tracked },
  });
}

/**
 * Runs statements without parameters in one message, and so in one transaction. Under the lock of the migrations, which
 * ends with it: one held by the session would stay with a connection that a pooler hands to others.
 */
export const run = (sql: Sql, url: string, text: string) =>
  sql.unsafe(
    `${preamble(0, searchPathOf(url))} select pg_advisory_xact_lock(${ADVISORY_LOCK}); ${text}`,
  );

const read = (name: string) => readFile(new URL(name, folder), "utf8");

/** Whether it was applied: another server may have done it first. */
async function apply(sql: Sql, url: string, name: string): Promise<boolean> {
  try {
    await run(
      sql,
      url,
      `${LIST}; insert into migration (name) values ('${name}'); ${await read(name)}`,
    );
    return true;
  } catch (error) {
    if (isApplied(error)) return false;
    throw error;
  }
}

/** SQLSTATE unique_violation of the list of migrations. */
const isApplied = (error: unknown) =>
  error instanceof Error &&
  "constraint_name" in error &&
  error.constraint_name === "migration_pkey";

/** Refuses a database that would answer wrongly or lose what it is given. */
async function refuseUnfit(sql: Sql): Promise<void> {
  const [row] = await sql.unsafe(
    "select current_setting('server_encoding') as encoding, current_setting('session_replication_role') as role, current_database() as name",
  );
  const problem = unfit(row?.encoding, row?.role, row?.name);
  if (problem) throw new SetupError(problem);
}

/** Refuses a database, or a schema, in which another program has tables of these names: nothing is half applied. */
async function refuseForeign(sql: Sql, url: string): Promise<void> {
  const answers = await sql.unsafe(
    `${preamble(0, searchPathOf(url))} select
      to_regclass('migration') is not null as listed,
      (
        select count(*)::int from pg_attribute
        where attrelid = to_regclass('migration') and attname in ('name', 'applied_at') and not attisdropped
      ) as columns,
      (
        select string_agg(name, ', ') from unnest(array['campaign', 'prize', 'prize_version', 'prize_change', 'result', 'moment', 'identity', 'shard_units', 'shard_rights', 'shard_lease', 'proof_day', 'proof_log', 'proof_chunk', 'proof_win', 'proof_moments']) as t (name)
        where to_regclass(name) is not null
      ) as others`,
  );
  const [found] = answers.at(-1) as unknown as Record<string, unknown>[];
  if (found?.listed && found.columns !== 2) throw foreign("migration");
  if (!found?.listed && found?.others) throw foreign(String(found.others));
}

const foreign = (tables: string) =>
  new SetupError(
    `DATABASE_URL: the database has tables of another program (${tables}); give Lucky Draw a database or a schema of its own`,
  );

/** What makes a database unfit, with its remedy behind a colon, or undefined. */
export function unfit(
  encoding: string,
  replicationRole: string,
  name: string,
): string | undefined {
  if (encoding !== "UTF8") {
    return `The database ${name} is encoded in ${encoding}, which does not hold every name: make one in UTF-8, createdb -T template0 -E UTF8 NAME, and name that one in DATABASE_URL`;
  }
  if (replicationRole === "replica") {
    return `session_replication_role is preset to replica, which switches off the triggers that guard prizes and results: alter database ${name} reset session_replication_role, or the same of the role`;
  }
  return undefined;
}

/** The files of `sql/` that the database has not seen, in order. */
async function missingIn(sql: Sql, url: string): Promise<string[]> {
  const ask = (text: string) =>
    sql
      .unsafe(`${preamble(0, searchPathOf(url))}${text}`)
      .then((answers) => answers.at(-1) as unknown as Record<string, string>[]);
  const [list] = await ask("select to_regclass('migration')::text as name");
  const seen = list?.name ? await ask("select name from migration") : [];
  const names = new Set(seen.map((row) => row.name));
  return (await migrations()).filter((name) => !names.has(name));
}

const LIST = `
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
