import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import createSql from "postgres";
import { startPostgres } from "../../src/stores/embedded/postgres.js";
import { freeAddress, startRedis } from "../../src/stores/embedded/redis.js";
import { createOwner } from "../../test/support/owner.js";
import { home, processesIn } from "../../test/support/temporary-folder.js";

export type BenchWorld = Awaited<ReturnType<typeof startWorld>>;

/**
 * Stores of a question's own, as `npm start` brings them, at addresses that other processes reach. They end with the
 * question, or with this process.
 */
export async function startWorld() {
  const owner = createOwner();
  const folder = await mkdtemp(join(home(), "bench-"));
  owner.teardown(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string) => [join(folder, name), () => {}] as const;
  const ownRedis = await startRedis(...at("redis"), await freeAddress());
  owner.teardown(() => ownRedis.stop());
  const postgres = await startPostgres(...at("postgres"), await freeAddress());
  owner.teardown(() => postgres.stop());
  const [databaseUrl, redisUrl] = [postgres.url, ownRedis.url];
  const sql = createSql(databaseUrl, { max: 4, onnotice: () => {} });
  owner.teardown(() => sql.end({ timeout: 1 }));
  const redis = new Redis(redisUrl, { protocol: 2 });
  owner.teardown(() => redis.disconnect());
  const pidsOf = (store: string) => processesIn(join(folder, store));

  /** A further database of the same PostgreSQL, and one of the same Redis. */
  async function other(name: string, number: number) {
    await sql.unsafe(`create database ${name}`);
    const [database, cache] = [new URL(databaseUrl), new URL(redisUrl)];
    database.pathname = `/${name}`;
    cache.pathname = `/${number}`;
    return { databaseUrl: database.href, redisUrl: cache.href };
  }

  /** Microseconds of processor time so far of Redis, of all of PostgreSQL, and of given processes. */
  async function cpu(servers: number[] = []) {
    return {
      server: await cpuOf(servers),
      redis: await cpuOf(await pidsOf("redis")),
      postgres: await cpuOf(await pidsOf("postgres")),
    };
  }

  /** Has Postgres wait so many milliseconds before each flush, as a slow disk would. */
  async function slowDisk(milliseconds: number): Promise<void> {
    await sql.unsafe(`alter system set commit_delay = ${milliseconds * 1_000}`);
    await sql.unsafe("alter system set commit_siblings = 0");
    await sql`select pg_reload_conf()`;
  }

  const stores = { databaseUrl, redisUrl, sql, redis };
  return { ...stores, owner, other, cpu, slowDisk };
}

/** Microseconds of processor time so far of one process: its own code's, and the system's for it. */
export async function cpuShares(pid: number) {
  const [user = 0, system = 0] = await ticksOf(pid);
  return { user: user * TICK, system: system * TICK };
}

/** Linux counts in hundredths of a second. */
const TICK = 10_000;

async function cpuOf(pids: number[]): Promise<number> {
  let sum = 0;
  for (const pid of pids) {
    for (const ticks of await ticksOf(pid)) sum += ticks * TICK;
  }
  return sum;
}

async function ticksOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The fields behind the name, which may hold spaces: user time is the 14th of all, system time the 15th.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[11] ?? 0), Number(fields[12] ?? 0)];
}
