import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startPostgres } from "./embedded-postgres.js";
import { startRedis } from "./embedded-redis.js";
import { SetupError } from "./errors.js";

/** A Redis and a PostgreSQL of this process's own. */
export type Pair = {
  databaseUrl: string;
  redisUrl: string;
  close(): Promise<void>;
};

/**
 * Starts a Redis and a PostgreSQL that keep their data in `folder`. What a killed process left running there is
 * stopped first. `say` is told what takes time. Rejects with a sentence where `folder` is in use or a part is missing.
 */
export async function startEmbedded(
  folder: string,
  say: (line: string) => void,
): Promise<Pair> {
  const home = resolve(folder);
  await mkdir(home, { recursive: true });
  const release = await own(home);
  try {
    const redis = await startRedis(join(home, "redis"), say);
    try {
      const postgres = await startPostgres(join(home, "postgres"), say);
      const close = async () => {
        await Promise.all([redis.stop(), postgres.stop()]);
        await release();
      };
      return { databaseUrl: postgres.url, redisUrl: redis.url, close };
    } catch (error) {
      await redis.stop();
      throw error;
    }
  } catch (error) {
    await release();
    throw error;
  }
}

/** Two servers on one folder would stop each other's stores: the first one has it. */
async function own(home: string): Promise<() => Promise<void>> {
  const path = join(home, "owner");
  const owner = Number(await readFile(path, "utf8").catch(() => "0"));
  if (owner !== process.pid && (await isRunning(owner))) {
    throw new SetupError(
      `${home} is in use by process ${owner}: stop that one first, or set DATABASE_URL and REDIS_URL.`,
    );
  }
  await writeFile(path, String(process.pid));
  return () => rm(path, { force: true });
}

/** Whether a process of that number lives and is a Node: after a kill -9 the number may belong to anything. */
async function isRunning(pid: number): Promise<boolean> {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "node");
  return /node|MainThread/.test(name);
}
