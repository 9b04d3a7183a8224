import { certificateProblem } from "../../stores/certificates.js";
import { askAll, type Host, isStandby } from "../../stores/database/primary.js";
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
  "25006": "promote one of them, or name the primary in DATABASE_URL, too",
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
  const sentence = sentenceOf(error);
  const code = error instanceof Error && "code" in error ? error.code : "";
  // So Node says that it was not answered in TLS.
  const lacksTls = /before secure TLS connection/.test(sentence);
  return fail(
    `Postgres can't be reached: ${sentence}.`,
    lacksTls
      ? "set ssl = on in postgresql.conf, or a weaker sslmode in DATABASE_URL"
      : (REMEDIES[String(code)] ??
          "check host and port in DATABASE_URL, and that PostgreSQL runs"),
  );
}

/** Of several hosts: which takes writes, and which could not take its place. */
export async function examineHosts(url: string, say: Say): Promise<void> {
  const hosts = await askAll(url);
  if (hosts.length < 2) return;
  const nameOf = ({ ways }: Host) => new URL(ways[0]?.url ?? "").host;
  const open = hosts.filter(({ timeline }) => timeline !== undefined);
  const names = open.map(nameOf).join(" and ");
  say(
    open.length === 1
      ? ok(`Of ${hosts.length} hosts ${names} takes writes.`)
      : warn(
          `Of ${hosts.length} hosts ${names} take writes.`,
          "unless they are poolers before one database, stop those that are no primary any more",
        ),
  );
  for (const host of hosts) {
    if (host.problem === undefined || isStandby(host)) continue;
    say(
      warn(
        `${nameOf(host)} can't be reached: ${sentenceOf(host.problem)}.`,
        "bring it back, or take it out of DATABASE_URL",
      ),
    );
  }
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
