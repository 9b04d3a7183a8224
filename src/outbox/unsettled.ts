import { keys } from "../stores/keys.js";
import { type Redis, replies } from "../stores/redis.js";
import { RECORD } from "./letters.js";
import type { Win } from "./win.js";

/**
 * Which of these wins from the outbox are not settled yet. An entry stays until the last of its wins is settled. The
 * record of a settled win no longer names the entry: the win was told, noted as untold, or refused by Postgres and
 * decided again. An expired record says nothing. Rejects with UNAVAILABLE.
 */
export async function findUnsettled(redis: Redis, wins: Win[]): Promise<Win[]> {
  const asking = redis.pipeline();
  for (const { user_id, draw_date } of wins) {
    asking.hget(keys.players(draw_date, user_id), user_id);
    asking.hget(keys.pending, user_id);
  }
  const found = (await replies(asking)) as (string | null)[];
  return wins.filter(({ attempt, entry }, n) => {
    const [record, mark] = [found[2 * n], found[2 * n + 1]];
    const own = `${RECORD.WON}${attempt}${entry.id}`;
    return !record || record === own || mark === entry.id;
  });
}
