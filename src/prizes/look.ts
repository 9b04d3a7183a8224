import type { Keys } from "../stores/keys.js";
import { type Redis, replies } from "../stores/redis.js";

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
  const asking = redis
    .multi()
    .hget(keys.prizes, "version")
    .hmget(keys.takenToday(date), "@epoch", "@lineage")
    .info("replication")
    .hset(keys.prizes, "time_zone_until", Math.floor(now) + TIME_ZONE_HELD_MS);
  const [version, [epoch, lineage], info] = (await replies(asking)) as [
    string | null,
    [string | null, string | null],
    string,
  ];
  const isSameRedis = info.includes(`:${lineage}`);
  return { version: Number(version ?? 0), epoch, isSameRedis };
}
