import { unavailable } from "./errors.js";
import { keys } from "./keys.js";
import { type Redis, replies } from "./redis.js";
import { parseWins } from "./win.js";

/** Outbox entries read at a time. */
const PAGE = 20;

/**
 * Marks the winners of earlier days that still are in the outbox, so that a draw of `date` tells them that win first.
 * Within a day the record of the draw leads to the win; a new day has no record of it. Marks of wins that are settled
 * meanwhile are found out by draw.lua. Rejects with UNAVAILABLE.
 */
export async function markEarlier(redis: Redis, date: string): Promise<void> {
  let from = "-";
  for (;;) {
    const page = await readPage(redis, from);
    const marking = redis.pipeline();
    for (const [id, [, text]] of page) {
      for (const { user_id, draw_date } of parseWins(id, text ?? "")) {
        if (draw_date < date) marking.hsetnx(keys.pending, user_id, id);
      }
    }
    await replies(marking);
    if (page.length < PAGE) return;
    from = `(${page.at(-1)?.[0]}`;
  }
}

async function readPage(redis: Redis, from: string) {
  return redis
    .xrange(keys.outbox, from, "+", "COUNT", PAGE)
    .catch((error: unknown) => {
      throw unavailable(error);
    });
}
