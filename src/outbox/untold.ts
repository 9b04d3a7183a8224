import type { Clock } from "../clock.js";
import { unavailable } from "../errors.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import { MARK } from "./letters.js";
import { parsePlace } from "./win.js";

/**
 * How many days an untold win is kept for its winner if claims don't expire. Each caller who hangs up leaves a mark of
 * some 80 bytes: without a limit they would grow for ever.
 */
const LONGEST_KEPT_DAYS = 90;

/** Marks read at a time. */
const PAGE_SIZE = 1_000;

export type Untold = {
  /**
   * Removes the marks of untold wins that can't be claimed any more or are older than 90 days. Their results stay.
   * Returns their number. Rejects with UNAVAILABLE.
   */
  forget(): Promise<number>;
};

export function createUntold(
  redis: Redis,
  keys: Keys,
  clock: Clock,
  claimDays: () => number | undefined,
): Untold {
  async function forget(): Promise<number> {
    const oldest = daysBefore(
      clock.today().date,
      Math.min(claimDays() ?? LONGEST_KEPT_DAYS, LONGEST_KEPT_DAYS),
    );
    let cursor = "0";
    let forgotten = 0;
    do {
      const [next, found] = await redis
        .hscan(keys.pending, cursor, "COUNT", PAGE_SIZE)
        .catch(refuse);
      const old: string[] = [];
      for (let at = 0; at < found.length; at += 2) {
        const [user = "", marks = ""] = found.slice(at, at + 2);
        if (marks.split(",").every((mark) => isOlder(mark, oldest))) {
          old.push(user);
        }
      }
      if (old.length > 0) await redis.hdel(keys.pending, ...old).catch(refuse);
      forgotten += old.length;
      cursor = next;
    } while (cursor !== "0");
    return forgotten;
  }

  return { forget };
}

/** A mark that names an outbox entry goes with that entry. */
function isOlder(mark: string, date: string): boolean {
  const { where } = parsePlace(mark);
  return where.startsWith(MARK.ROW_OF_DAY) && where.slice(1) < date;
}

function daysBefore(date: string, days: number): string {
  const moment = Date.parse(`${date}T00:00:00Z`) - days * 86_400_000;
  return new Date(moment).toISOString().slice(0, 10);
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
