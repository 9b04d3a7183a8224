import type { Engine } from "./draw.js";
import { keys } from "./keys.js";
import { type Redis, redisTime } from "./redis.js";
import type { Settle } from "./settle.js";
import { standing } from "./standing.js";
import { parseWins, type Win } from "./win.js";

/** Milliseconds after which a win's own server must have failed it: longer than any request lives. */
const ABANDONED = 3_000;

/** Outbox entries read at a time, each with the wins of a batch. */
const PAGE = 20;

/** How long a sweep goes on to the next page, in milliseconds: a backlog must not keep the scheduler. */
const BUDGET = 2_000;

/**
 * Brings wins that their server did not finish to their end: their rows are written, and their winners told on the
 * next try. Every server may sweep at once, since everything it does may be done twice. A win that fails does not keep
 * the later ones. Answers with the number of wins finished; rejects with the first failure, after trying the rest.
 */
export async function sweep(
  redis: Redis,
  engine: Engine,
  settle: Settle,
  olderThan = ABANDONED,
): Promise<number> {
  const until = Math.floor((await redisTime(redis)) - olderThan);
  const end = performance.now() + BUDGET;
  let from = "-";
  let finished = 0;
  let failure: PromiseRejectedResult | undefined;
  do {
    const page = await redis.xrange(keys.outbox, from, until, "COUNT", PAGE);
    const wins = page.flatMap(([id, [, text]]) => parseWins(id, text ?? ""));
    // Of the wins that share an entry, one that was refused must not be written after all when its quota is raised.
    const open = new Set(await standing(redis, wins));
    const ends = await Promise.allSettled(
      wins.map((win) =>
        open.has(win) ? finish(win, engine, settle) : pass(win, settle),
      ),
    );
    finished += ends.filter(({ status }) => status === "fulfilled").length;
    failure ??= ends.find((result) => result.status === "rejected");
    if (page.length < PAGE) break;
    from = `(${page.at(-1)?.[0]}`;
  } while (performance.now() < end);
  if (failure) throw failure.reason;
  return finished;
}

/** Leaves a settled win as it is; its entry goes with the last one. */
function pass({ entry, user_id, draw_date, attempt }: Win, settle: Settle) {
  return settle.settle({ entry, user_id, draw_date, attempt, fate: "void" });
}

async function finish(win: Win, engine: Engine, settle: Settle) {
  const end = await engine.resume(win);
  if (end.outcome === "won") {
    await settle.settle({ ...end.settlement, fate: "untold" });
  }
}
