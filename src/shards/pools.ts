import { unavailable } from "../errors.js";
import { FIELD } from "../outbox/letters.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import type { Pool } from "./ask.js";
import type { Stretch } from "./ledger.js";

/** The counters of a shard that have numbers: of all days, or of one. */
export const countersOf = (keys: Keys, pool: Pool, date: string): string =>
  pool === "ever" ? keys.taken : keys.takenToday(date);

/** The counters, and the log of the day in which what is added to them and cut from them is a line. */
export type Place = {
  counters: string;
  takenToday: string;
  log: string;
  pool: "all" | "day";
};

export const placeIn = (keys: Keys, pool: Pool, date: string): Place => ({
  counters: countersOf(keys, pool, date),
  takenToday: keys.takenToday(date),
  log: keys.log(date),
  pool: pool === "ever" ? "all" : "day",
});

/** What a shard has of a prize's numbers. */
export type State = {
  /** the name of its numbers; ends with a ? until they are there */
  rights: string;
  granted: number;
  /** up to this number none is left on any shard, as far as it knows */
  gone: number;
  units: Stretch[];
  /** how often numbers came back */
  news: number;
  /** cut for another shard; whoever cut them may be gone */
  cut: Stretch[];
};

/** Reads what the counters hold of a prize. Rejects with UNAVAILABLE. */
export async function readState(
  redis: Redis,
  counters: string,
  prize_id: string,
): Promise<State> {
  const [rights, text, cut, news] = await redis
    .hmget(
      counters,
      FIELD.RIGHTS,
      FIELD.UNITS_OF + prize_id,
      FIELD.CUT_OF + prize_id,
      FIELD.NEWS_OF + prize_id,
    )
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  const [granted = 0, , gone = 0, list = ""] = text?.split(" ") ?? [];
  return {
    rights: rights ?? "?",
    granted: Number(granted),
    gone: Number(gone),
    units: parseStretches(String(list)),
    news: Number(news ?? 0),
    cut: parseStretches(cut ?? ""),
  };
}

/** Stretches as the scripts write them: `1-5,8-8`. */
export const parseStretches = (text: string): Stretch[] =>
  text
    .split(",")
    .filter(Boolean)
    .map((range) => range.split("-").map(Number) as Stretch);

/** How many of these numbers can go now; `most`: the greatest that can, -1 for any. */
export const countUpTo = (units: Stretch[], most: number): number =>
  units.reduce((sum, [first, last]) => {
    const top = most < 0 ? last : Math.min(last, most);
    return sum + Math.max(0, top - first + 1);
  }, 0);
