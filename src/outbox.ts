import { keys } from "./keys.js";
import { type Redis, replies } from "./redis.js";

/**
 * How many entries the outbox has, and the age of the oldest in seconds, by Redis's clock; null where there is none.
 * Rejects with UNAVAILABLE.
 */
export async function readOutbox(
  redis: Redis,
): Promise<{ entries: number; oldest_seconds: number | null }> {
  const asking = redis
    .multi()
    .xlen(keys.outbox)
    .xrange(keys.outbox, "-", "+", "COUNT", 1)
    .time();
  const [entries, [oldest], [seconds, micros]] = (await replies(asking)) as [
    number,
    [string][],
    [string, string],
  ];
  if (!oldest) return { entries, oldest_seconds: null };
  const now = Number(seconds) + Number(micros) / 1_000_000;
  const since = Number.parseInt(oldest[0], 10) / 1_000;
  return { entries, oldest_seconds: Math.max(0, now - since) };
}
