import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { SetupError } from "../errors.js";
import { ROOT } from "../root.js";
import { readConfig } from "../settings/config.js";
import { connectOnce, migrate, run } from "../stores/migrate.js";
import { runProgram, withoutRedis } from "./program.js";

const HELP = `npm run migrate

Applies the numbered files of sql/ that the database of DATABASE_URL has not seen. A server does the same when it starts,
if its role may; where servers have a role of their own (sql/roles.sql), run this as the owner before each upgrade.
Then sql/grants.sql gives those roles their rights, in a database that has them.

Exit code: 0, or 1 with a sentence where something failed, or 2 for a wrong command line.`;

await runProgram(HELP, async (args) => {
  parseArgs({ args });
  const { DATABASE_URL } = await readConfig(withoutRedis());
  if (!DATABASE_URL) {
    throw new SetupError(
      "DATABASE_URL: must be set; the embedded pair is migrated by npm start.",
    );
  }
  const applied = await migrate(DATABASE_URL, false);
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log("Nothing to apply.");
  if (await grant(DATABASE_URL)) console.log("Rights granted: sql/grants.sql");
  return 0;
});

/** Gives the roles of sql/roles.sql their rights. Returns false where the database server has no such roles. */
async function grant(url: string): Promise<boolean> {
  const sql = await connectOnce(url);
  try {
    const roles = await sql.unsafe(
      "select from pg_roles where rolname in ('lucky_server', 'lucky_reader')",
    );
    if (roles.count < 2) return false;
    const file = new URL("sql/grants.sql", ROOT);
    await run(sql, url, await readFile(file, "utf8"));
    return true;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
