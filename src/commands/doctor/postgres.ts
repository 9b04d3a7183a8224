import { certificateProblem } from "../../stores/certificates.js";
import { migrations, unfit } from "../../stores/migrate.js";
import { createPostgres, type Postgres } from "../../stores/postgres.js";
import { sentenceOf } from "../program.js";
import { fail, failWith, ok, type Say, warn } from "./finding.js";

/** Measures a question. Returns undefined where Postgres can't be reached; the caller closes. */
export async function reachPostgres(
  url: string,
  say: Say,
): Promise<Postgres | undefined> {
  const postgres = createPostgres(url);
  try {
    await postgres.query((sql) => sql`select 1`);
    const began = performance.now();
    await postgres.query((sql) => sql`select 1`);
    const took = performance.now() - began;
    const way = postgres.isPooled() ? " through a pooler" : "";
    say(ok(`Postgres answers${way} in ${took.toFixed(1)} ms.`));
    return postgres;
  } catch (error) {
    await postgres.close();
    say(unreachable(error instanceof Error ? (error.cause ?? error) : error));
    return undefined;
  }
}

const REMEDIES: Record<string, string> = {
  "28P01": "check user and password in DATABASE_URL",
  "28000": "check user and password in DATABASE_URL, and pg_hba.conf",
  "3D000": "create the database, or name another one in DATABASE_URL",
  "42501": "grant connect on the database to this role: sql/roles.sql",
  "42704": "leave out of DATABASE_URL what psql alone understands",
  "53300":
    "raise max_connections: each server takes up to 5, and of several workers each one",
};

function unreachable(error: unknown) {
  const untrusted = certificateProblem("Postgres", error);
  if (untrusted) return failWith(untrusted);
  const code = error instanceof Error && "code" in error ? error.code : "";
  return fail(
    `Postgres can't be reached: ${sentenceOf(error)}.`,
    REMEDIES[String(code)] ??
      "check host and port in DATABASE_URL, and that PostgreSQL runs",
  );
}

type Examined = {
  version: string;
  number: number;
  standby: boolean;
  encoding: string;
  /** session_replication_role */
  role: string;
  name: string;
};

/** Its version, whether it takes writes, and whether it holds and keeps what it is given. */
export async function examinePostgres(
  postgres: Postgres,
  say: Say,
): Promise<void> {
  const [row] = await postgres.query(
    (sql) => sql<Examined[]>`
      select current_setting('server_version') as version, pg_is_in_recovery() as standby,
        current_setting('server_version_num')::int as number, current_setting('server_encoding') as encoding,
        current_setting('session_replication_role') as role, current_database() as name`,
  );
  const name = `PostgreSQL ${row?.version}`;
  say(
    Number(row?.number) >= 150_000
      ? ok(`${name} is new enough.`)
      : fail(`${name} is too old.`, "install PostgreSQL 15 or later"),
  );
  const problem = unfit(row?.encoding ?? "", row?.role ?? "", row?.name ?? "");
  if (problem) say(failWith(problem));
  if (row?.standby) {
    say(
      fail(
        "This PostgreSQL is a standby: it takes no writes.",
        "name the primary in DATABASE_URL",
      ),
    );
  }
}

/** Whether all of `sql/` is applied, and nothing else. Returns whether the tables are there. */
export async function examineMigrations(
  postgres: Postgres,
  say: Say,
): Promise<boolean> {
  const files = await migrations();
  const applied = await namesApplied(postgres);
  const missing = files.filter((name) => !applied.includes(name));
  const unknown = applied.filter((name) => !files.includes(name));
  if (missing.length > 0) {
    say(
      fail(
        `The database lacks ${missing.join(", ")} of sql/.`,
        "npm run migrate with the owner's DATABASE_URL, or start a server whose role may migrate",
      ),
    );
  } else {
    say(ok(`All ${files.length} migrations are applied.`));
  }
  if (unknown.length > 0) {
    say(
      warn(
        `The database has migrations of a newer version: ${unknown.join(", ")}.`,
        "upgrade this program to the version that brought them",
      ),
    );
  }
  return missing.length === 0;
}

async function namesApplied(postgres: Postgres): Promise<string[]> {
  const [list] = await postgres.query(
    (sql) => sql`select to_regclass('migration') is not null as there`,
  );
  if (!list?.there) return [];
  const rows = await postgres.query(
    (sql) => sql<{ name: string }[]>`select name from migration order by name`,
  );
  return rows.map(({ name }) => name);
}
