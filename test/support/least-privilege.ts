import { readFile } from "node:fs/promises";
import createSql, { type Sql } from "postgres";
import type { Test } from "tap";
import { runCommand } from "./run-command.js";
import { startStores } from "./stores.js";
import { ownWorld, type World } from "./world.js";

const text = (path: string) =>
  readFile(new URL(`../../${path}`, import.meta.url), "utf8");

const PASSWORD = "least-privilege";

/** The rights of the service's Redis user, word by word, as `ACL SETUSER` takes them. */
export const redisRights = async () =>
  (await text("lua/acl.txt")).trim().split(/\s+/);

/**
 * A pair of stores of the test's own with the users of sql/roles.sql and lua/acl.txt, migrated by the owner. `admin`
 * may do everything; `server` is what a server is given.
 */
export async function leastPrivileged(t: Test) {
  const stores = await startStores();
  t.teardown(stores.close);
  const cluster = createSql(stores.postgres.url, { max: 1 });
  await cluster`create database lucky_draw`;
  await cluster.end();
  const postgres = { url: change(stores.postgres.url, "/lucky_draw") };
  const admin: World = ownWorld(t, { ...stores, postgres });
  await admin.sql.unsafe(await text("sql/roles.sql"));
  const urlOf = async (role: string) => {
    await admin.sql.unsafe(`alter role ${role} password '${PASSWORD}'`);
    return change(postgres.url, "/lucky_draw", role);
  };
  const rights = ["on", `>${PASSWORD}`, ...(await redisRights())];
  await admin.redis.call("ACL", "SETUSER", "lucky", ...rights);
  const owner = await urlOf("lucky_owner");
  const server = {
    databaseUrl: await urlOf("lucky_server"),
    redisUrl: change(stores.redis.url, "", "lucky"),
  };
  const migrate = () => runCommand("migrate", { DATABASE_URL: owner });
  const reader = await urlOf("lucky_reader");
  return { admin, server, reader, migrate };
}

/** The same server with another database and, where a user is given, as that user. */
function change(url: string, path: string, user?: string): string {
  const changed = new URL(url);
  if (path) changed.pathname = path;
  if (user) [changed.username, changed.password] = [user, PASSWORD];
  return changed.href;
}

/** A connection that ends with the test. */
export function connectAs(t: Test, url: string): Sql {
  const sql = createSql(url, { max: 1, onnotice: () => {} });
  t.teardown(() => sql.end({ timeout: 1 }));
  return sql;
}
