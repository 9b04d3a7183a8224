import type { Clock } from "../../clock.js";
import type { Win } from "../../outbox/win.js";
import type { Keys } from "../../stores/keys.js";
import type { Redis } from "../../stores/redis.js";
import { appendLines } from "./append.js";

/** Says in the day's log, where it has one, that a win came to nothing. May be done twice. Rejects with UNAVAILABLE. */
export async function voidWin(
  redis: Redis,
  keys: Keys,
  clock: Pick<Clock, "now">,
  { seq, draw_date }: Win,
): Promise<void> {
  if (seq === undefined) return;
  const at = { draw_date, now: clock.now() };
  await appendLines(redis, keys, at, [`V\t${seq}`]);
}
