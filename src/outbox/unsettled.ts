import type { Keys } from "../stores/keys.js";
import { type Redis, replies } from "../stores/redis.js";
import { RECORD } from "./letters.js";
import { placeOf, type Win } from "./win.js";

/**
 * Which of these wins from the outbox are not settled yet. An entry stays until the last of its wins is settled. The
 * record of a settled win no longer names the entry: the win was told, noted as untold, or refused by Postgres and
 * decided again. An expired record says nothing. Rejects with UNAVAILABLE.
 */
export const findUnsettled = async (redis: Redis, keys: Keys, wins: Win[]) =>
  (await sortWins(redis, keys, wins)).unsettled;

/**
 * The same, and the forgotten ones among the others: Redis lost the record, and the user has drawn again since. Rejects with
 * UNAVAILABLE.
 */
export async function sortWins(
  redis: Redis,
  keys: Keys,
  wins: Win[],
): Promise<{ unsettled: Win[]; forgotten: Win[] }> {
  const asking = redis.pipeline();
  for (const { user_id, draw_date } of wins) {
    asking.hget(keys.players(draw_date, user_id), user_id);
    asking.hget(keys.pending, user_id);
  }
  const found = (await replies(asking)) as (string | null)[];
  const sorted = { unsettled: [] as Win[], forgotten: [] as Win[] };
  for (const [n, win] of wins.entries()) {
    const { attempt, entry, draw_no } = win;
    const record = found[2 * n]?.split(",")[draw_no - 1];
    const marks = found[2 * n + 1]?.split(",") ?? [];
    const own = `${RECORD.WON}${attempt}${entry.id}`;
    const isMarked = marks.includes(placeOf(entry.id, draw_no));
    if (!record || record === own || isMarked) {
      sorted.unsettled.push(win);
    } else if (record.slice(1, 9) !== attempt) sorted.forgotten.push(win);
  }
  return sorted;
}
