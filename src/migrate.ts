import { readdir, readFile } from "node:fs/promises";
import createSql from "postgres";

const folder = new URL("../sql/", import.meta.url);

/** Any number that every server shares: the advisory lock under which one of them migrates. */
const LOCK = 7_364_001;

/**
 * Applies the numbered files of `sql/` that the database has not seen, in order, each in a transaction. Any number of
 * servers may call it at once. Answers with the files applied. Rejects with Postgres's error.
 */
export async function migrate(
  url: string,
  samplePrizes: boolean,
): Promise<string[]> {
  const sql = createSql(url, {
    max: 1,
    connect_timeout: 2,
    onnotice: () => {},
    connection: { application_name: "lucky-draw-migrate" },
  });
  const applied: string[] = [];
  try {
    // Held by the session: it goes with the connection, however this process ends.
    await sql`select pg_advisory_lock(${LOCK})`;
    await sql`
      create table if not exists migration (
        name text primary key,
        applied_at timestamptz not null default now()
      )`;
    const seen = await sql<{ name: string }[]>`select name from migration`;
    const names = new Set(seen.map((row) => row.name));
    for (const name of await migrations()) {
      if (names.has(name)) continue;
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
  } finally {
    await sql.end({ timeout: 1 });
  }
  return applied;
}

/** The numbered files of `sql/`, in order. */
async function migrations(): Promise<string[]> {
  const files = await readdir(folder);
  return files.filter((name) => /^\d{3}_.*\.sql$/.test(name)).sort();
}
