import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import createSql, { type Sql } from "postgres";
import type { Test } from "tap";
import { connectRedis } from "./connect-redis.js";
import type { Owner } from "./owner.js";
import { until } from "./until.js";

/** A database and a Redis of a test's own, on the stores that the run shares. */
export type World = {
  databaseUrl: string;
  redisUrl: string;
  sql: Sql;
  redis: Redis;
};

/** Redis has 16 numbered databases; 0 holds who has which of the others. */
const DATABASES = 15;

/** How long a world may wait for another one's end. */
const LONGEST_WAIT_MS = 120_000;

/** Makes a world that ends with the test. */
export async function createWorld(t: Test): Promise<World> {
  const stores = { database: env("DATABASE_URL"), redis: env("REDIS_URL") };
  const name = `test_${randomBytes(6).toString("hex")}`;
  const admin = createSql(stores.database, { max: 1, onnotice: () => {} });
  await until("Postgres", () => admin.unsafe(`create database ${name}`));
  const databaseUrl = withPath(stores.database, name);
  const { redisUrl, free } = await reserve(stores.redis);
  const sql = createSql(databaseUrl, { max: 4, onnotice: () => {} });
  const redis = connectRedis(redisUrl);
  await redis.flushdb();

  t.teardown(async () => {
    await sql.end({ timeout: 1 });
    await redis.flushdb();
    redis.disconnect();
    await free();
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
  });
  return { databaseUrl, redisUrl, sql, redis };
}

/** A world on stores of the test's own, which nobody else uses. */
export function ownWorld(
  t: Owner,
  stores: { postgres: { url: string }; redis: { url: string } },
): World {
  const sql = createSql(stores.postgres.url, { max: 4, onnotice: () => {} });
  const redis = connectRedis(stores.redis.url);
  t.teardown(async () => {
    await sql.end({ timeout: 1 });
    redis.disconnect();
  });
  const databaseUrl = stores.postgres.url;
  return { databaseUrl, redisUrl: stores.redis.url, sql, redis };
}

async function reserve(url: string) {
  const places = placesOf(url);
  const registry = connectRedis(url);
  const place = await until(
    "a free Redis database",
    async () => {
      for (const n of places.keys()) {
        const mine = await registry.set(`test:${n}`, "taken", "EX", 300, "NX");
        if (mine) return n;
      }
      throw new Error("all Redis databases are taken");
    },
    LONGEST_WAIT_MS,
  );
  const free = async () => {
    await registry.del(`test:${place}`);
    registry.disconnect();
  };
  return { redisUrl: places[place] as string, free };
}

/** The Redis that worlds may have: numbered databases, or clusters (`TEST_REDIS=cluster`), which have none. */
function placesOf(url: string): string[] {
  const clusters = process.env.TEST_CLUSTERS;
  if (clusters) return JSON.parse(clusters);
  if (/^rediss?\+cluster:/.test(url)) return [url];
  return Array.from({ length: DATABASES }, (_, n) =>
    withDatabase(url, String(n + 1)),
  );
}

/** Of a sentinel's URL the number stands behind the master's name. */
function withDatabase(url: string, number: string): string {
  const name = /^redis.*\+sentinel:\/\/[^/]*\/[^/?]+/.exec(url)?.[0];
  if (!name) return withPath(url, number);
  return url.replace(/^([^?]*?\/\/[^/]*\/[^/?]+)[^?]*/, `$1/${number}`);
}

function withPath(url: string, path: string): string {
  const changed = new URL(url);
  changed.pathname = `/${path}`;
  return changed.href;
}

function env(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run npm test -- FILE`);
  return value;
}
