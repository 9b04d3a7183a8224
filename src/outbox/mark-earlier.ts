import type { Clock } from "../clock.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import { outboxPages } from "./pages.js";
import { noteAll } from "./settle.js";
import { findUnsettled } from "./unsettled.js";
import { parseWins } from "./win.js";

/**
 * Marks the winners of earlier days whose wins are still in the outbox, so that a draw of `date` tells them that win
 * first. Within a day the record of the draw leads to the win; a new day has no such record. draw.lua notices a mark
 * whose entry is gone. Rejects with UNAVAILABLE.
 */
export async function markEarlier(
  redis: Redis,
  keys: Keys,
  clock: Pick<Clock, "day">,
  date: string,
): Promise<void> {
  for await (const page of outboxPages(redis, keys)) {
    const wins = page
      .flatMap(([id, [, text]]) => parseWins(id, text ?? ""))
      .filter(({ draw_date }) => draw_date < date);
    const marked = await findUnsettled(redis, keys, wins);
    await noteAll(
      redis,
      keys,
      clock,
      marked.map((win) => ({ ...win, telling: "unknown" })),
    );
  }
}
