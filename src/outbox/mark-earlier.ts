import { keys } from "../stores/keys.js";
import { type Redis, replies } from "../stores/redis.js";
import { outboxPages } from "./pages.js";
import { findUnsettled } from "./unsettled.js";
import { parseWins } from "./win.js";

/**
 * Marks the winners of earlier days whose wins are still in the outbox, so that a draw of `date` tells them that win
 * first. Within a day the record of the draw leads to the win; a new day has no such record. draw.lua notices a mark
 * whose entry is gone. Rejects with UNAVAILABLE.
 */
export async function markEarlier(redis: Redis, date: string): Promise<void> {
  for await (const page of outboxPages(redis)) {
    const wins = page
      .flatMap(([id, [, text]]) => parseWins(id, text ?? ""))
      .filter(({ draw_date }) => draw_date < date);
    const marked = await findUnsettled(redis, wins);
    const marking = redis.pipeline();
    for (const { user_id, entry } of marked) {
      marking.hsetnx(keys.pending, user_id, entry.id);
    }
    await replies(marking);
  }
}
