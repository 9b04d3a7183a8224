import type { Engine } from "./draw.js";
import { keys } from "./keys.js";
import { type Redis, redisTime } from "./redis.js";
import type { Settle } from "./settle.js";
import { parseWin, type Win } from "./win.js";

/** Milliseconds after which a win's own server must have failed it: longer than any request lives. */
export const ABANDONED = 3_000;

/** Wins per sweep and server. */
const LARGEST = 1_000;

/**
 * Brings wins that their server did not finish to their end: their rows are written, and their winners told on the
 * next try. Every server may sweep at once, since everything it does may be done twice. Answers with the number of
 * wins finished; rejects where Redis or Postgres is away.
 */
export async function sweep(
  redis: Redis,
  engine: Engine,
  settle: Settle,
  olderThan = ABANDONED,
): Promise<number> {
  const until = Math.floor((await redisTime(redis)) - olderThan);
  const entries = await redis.xrange(keys.outbox, "-", until, "COUNT", LARGEST);
  const wins = entries.map(([entry, [, text]]) => parseWin(entry, text ?? ""));
  const ends = await Promise.allSettled(
    wins.map((win) => finish(win, engine, settle)),
  );
  const failure = ends.find((end) => end.status === "rejected");
  if (failure) throw failure.reason;
  return wins.length;
}

async function finish(win: Win, engine: Engine, settle: Settle) {
  const end = await engine.resume(win);
  if (end.outcome === "won") {
    await settle.settle({ ...end.settlement, delivered: false });
  }
}
