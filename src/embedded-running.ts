import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readAddress, urlOf } from "./embedded-redis.js";
import { SetupError } from "./errors.js";

/** The addresses of the pair that a running `npm start` keeps in `folder`. Rejects with a sentence where none runs. */
export async function runningPair(
  folder: string,
): Promise<{ databaseUrl: string; redisUrl: string }> {
  const home = resolve(folder);
  const read = (name: string) =>
    readFile(join(home, name), "utf8").catch(() => "");
  const redis = await readAddress(join(home, "redis"));
  // PostgreSQL removes this file when it stops; its fourth line is the port.
  const port = (await read("postgres/postmaster.pid")).split("\n")[3];
  const password = (await read("postgres.password")).trim();
  if (!port || !password || !redis) {
    throw new SetupError(
      `DATABASE_URL and REDIS_URL are not set, and no embedded pair runs in ${home}: set them, or run npm start beside this command.`,
    );
  }
  return {
    databaseUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    redisUrl: urlOf(redis),
  };
}
