import type { Keys } from "../stores/keys.js";
import { type Redis, replies } from "../stores/redis.js";

export type OutboxFigures = {
  entries: number;
  /** null where there is none */
  oldest_seconds: number | null;
  /** by how much the oldest lies in the future, after Redis's clock was set back: its age is unknown then */
  ahead_seconds: number;
};

/**
 * How many entries the outboxes of a campaign's shards have, and the age of the oldest in seconds, by the clock of its Redis; null
 * where there is none. Rejects with UNAVAILABLE.
 */
export async function readOutbox(
  redis: Redis,
  everywhere: Keys[],
): Promise<OutboxFigures> {
  const all = await Promise.all(everywhere.map((keys) => readOne(redis, keys)));
  const ages = all.flatMap((it) => it.oldest_seconds ?? []);
  return {
    entries: all.reduce((sum, it) => sum + it.entries, 0),
    oldest_seconds: ages.length > 0 ? Math.max(...ages) : null,
    ahead_seconds: Math.max(...all.map((it) => it.ahead_seconds)),
  };
}

async function readOne(redis: Redis, keys: Keys): Promise<OutboxFigures> {
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
  if (!oldest) return { entries, oldest_seconds: null, ahead_seconds: 0 };
  const now = Number(seconds) + Number(micros) / 1_000_000;
  const since = Number.parseInt(oldest[0], 10) / 1_000;
  const age = now - since;
  return {
    entries,
    oldest_seconds: Math.max(0, age),
    ahead_seconds: Math.max(0, -age),
  };
}
