import type { Campaigns } from "../../campaigns/campaigns.js";
import { isFirst, type Lane } from "../../campaigns/lane.js";
import type { Clock } from "../../clock.js";
import { readCounters, totalsOf } from "../../prizes/counters.js";
import { replies } from "../../stores/redis.js";

/** Draws and wins ever, at the begin of a minute, by the minute's number since the epoch. */
export type Sample = { minute: number; draws: number; wins: number };

const MINUTE_MS = 60_000;

/** Minutes that the chart shows. */
const KEPT_MINUTES = 60;

/** Seconds after which samples nobody adds to are gone. */
const LIFE_S = 2 * 3_600;

/** How often to look whether a minute has begun, in milliseconds: by Redis's clock, not by this machine's. */
const LOOK_MS = 1_000;

export const minuteOf = (now: number) => Math.floor(now / MINUTE_MS);

/**
 * Keeps a sample of the counters, which all servers share, of every minute in Redis. The server that comes first writes
 * it: the minute is the entry's id, which the stream takes once. A minute in which no server could is left out.
 */
export function sampleMinutes(
  campaigns: Pick<Campaigns, "watched">,
  clock: Pick<Clock, "now">,
): { stop(): void } {
  let seen = 0;
  const timer = setInterval(() => {
    const minute = minuteOf(clock.now());
    if (minute === seen) return;
    seen = minute;
    for (const lane of campaigns.watched().filter(isFirst)) {
      sample(lane, minute).catch(() => {});
    }
  }, LOOK_MS).unref();
  return { stop: () => clearInterval(timer) };
}

async function sample(lane: Lane, minute: number): Promise<void> {
  const { redis, keys, everywhere, clock } = lane;
  const { date } = clock.today();
  const counters = await readCounters(redis, everywhere, date);
  // An emptied Redis counts from nought until the reload: the raise would look like a rush.
  if (!counters.listing) return;
  const { draws, wins } = totalsOf(counters.ever);
  const adding = redis
    .multi()
    .xadd(
      keys.minutes,
      "MAXLEN",
      KEPT_MINUTES + 1,
      `${minute}-0`,
      ...["draws", draws, "wins", wins],
    )
    .expire(keys.minutes, LIFE_S);
  await replies(adding);
}

/** Reads a stream's entries. */
export function samplesOf(entries: [id: string, fields: string[]][]): Sample[] {
  return entries.map(([id, [, draws, , wins]]) => ({
    minute: Number.parseInt(id, 10),
    draws: Number(draws),
    wins: Number(wins),
  }));
}

/** What came in each minute, oldest first; the last is the one under way. `now` counts as its end. */
export function perMinute(samples: Sample[], now: Sample) {
  return samples.flatMap((sample, n) => {
    const next = samples[n + 1] ?? { ...now, minute: now.minute + 1 };
    if (next.minute !== sample.minute + 1) return [];
    return {
      minute: new Date(sample.minute * MINUTE_MS).toISOString(),
      // A failover may have lost the last ones.
      draws: Math.max(0, next.draws - sample.draws),
      wins: Math.max(0, next.wins - sample.wins),
    };
  });
}
