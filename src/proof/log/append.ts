import { unavailable } from "../../errors.js";
import type { Keys } from "../../stores/keys.js";
import type { Redis } from "../../stores/redis.js";

/**
 * Adds lines to the log of a day, each once: kind and the rest, tab-separated. Returns the number after the last line; undefined where
 * the day takes none. Rejects with UNAVAILABLE.
 */
export async function appendLines(
  redis: Redis,
  keys: Keys,
  { draw_date, now }: { draw_date: string; now: number },
  lines: string[],
): Promise<number | undefined> {
  const names = [keys.takenToday(draw_date), keys.log(draw_date)];
  const answer = await redis
    .line(names.length, ...names, Math.floor(now), ...lines)
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  return answer === "closed" ? undefined : Number(answer);
}
