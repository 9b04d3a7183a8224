import type { Keys } from "../stores/keys.js";
import { isMute, noticeMute, type Redis, replies } from "../stores/redis.js";

/** How long each look keeps out servers with another time zone; lua/reload.lua has the same number. */
const TIME_ZONE_HELD_MS = 10_000;

/** What Redis has, as a look shows it. */
export type Seen = {
  /** of the table in force, 0 where there is none */
  version: number;
  /** of the day's data, null where they have none */
  epoch: string | null;
  /** whether the Redis that had these data at the last reload still is the one that answers */
  isSameRedis: boolean;
};

/** Looks at what Redis has of a day, and keeps out servers with another time zone. Rejects with UNAVAILABLE. */
export async function look(
  redis: Redis,
  keys: Keys,
  date: string,
  now: number,
): Promise<Seen> {
  const until = Math.floor(now) + TIME_ZONE_HELD_MS;
  const asking = redis
    .multi()
    .hget(keys.prizes, "version")
    .hmget(keys.takenToday(date), "@epoch", "@lineage")
    .hset(keys.prizes, "time_zone_until", until);
  const isTold = !isMute(redis);
  if (isTold) asking.info("replication");
  const looking = replies(asking).catch(async (error: unknown) => {
    if (isTold && (await noticeMute(redis))) return undefined;
    throw error;
  });
  const seen = await looking;
  if (!seen) return look(redis, keys, date, now);
  const [version, [epoch, lineage], , info] = seen as [
    string | null,
    [string | null, string | null],
    number,
    string | undefined,
  ];
  const isSameRedis = info === undefined || info.includes(`:${lineage}`);
  return { version: Number(version ?? 0), epoch, isSameRedis };
}
