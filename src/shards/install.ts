import { unavailable } from "../errors.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import { numbersInOutbox } from "./in-outbox.js";
import { EVER, type Held, type Ledger, type Stretch } from "./ledger.js";
import { countUpTo } from "./pools.js";
import { without } from "./stretches.js";

/**
 * Brings the numbers that a shard holds from Postgres to Redis: those of a day, and of all days where they are named. `ofDay` and
 * `ofEver`: the names of its numbers. Rejects with UNAVAILABLE.
 */
export async function installHeld(
  parts: {
    redis: Redis;
    ledger: Ledger;
    keys: Keys;
    campaign: string;
    shard: number;
  },
  of: { date: string; ofDay: string; ofEver: string | undefined },
): Promise<void> {
  const { redis, ledger, keys, campaign, shard } = parts;
  const { date, ofDay, ofEver } = of;
  // Before the rows are read: what leaves the outbox has one.
  const { unit, day_unit } = await numbersInOutbox(redis, keys, date);
  const held = await ledger.read(campaign, date, shard, ofDay);
  const today = { held, waiting: day_unit };
  const counters = keys.takenToday(date);
  const { taken } = keys;
  await install(redis, { counters, taken }, ofDay, today);
  if (ofEver === undefined) return;
  const heldEver = await ledger.read(campaign, EVER, shard, ofEver);
  const ever = { held: heldEver, waiting: unit };
  await install(redis, { counters: taken, taken }, ofEver, ever);
}

/**
 * Puts the numbers that a shard holds into its counters, by lua/install.lua. `waiting`: prize id → numbers in its outbox, which was
 * read before `held`. Returns false where they have another name by now. Rejects with UNAVAILABLE.
 */
async function install(
  redis: Redis,
  { counters, taken }: { counters: string; taken: string },
  rights: string,
  { held, waiting }: { held: Held; waiting: Map<string, Stretch[]> },
): Promise<boolean> {
  const lines = Object.entries(held).flatMap(
    ([prize_id, { granted, size, units }]) => {
      const all = units.map(([first, last]): Stretch => [first, last]);
      const above = units
        .map(([first, last, row]): Stretch => [Math.max(first, row + 1), last])
        .filter(([first, last]) => first <= last);
      const fresh = without(above, waiting.get(prize_id) ?? []);
      const used = countUpTo(all, -1) - countUpTo(fresh, -1);
      return [prize_id, granted, size, used, textOf(fresh), textOf(all)];
    },
  );
  const answer = await redis
    .install(2, counters, taken, rights, ...lines)
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  return answer !== "stale";
}

const textOf = (stretches: Stretch[]) =>
  stretches.map(([first, last]) => `${first}-${last}`).join(",");
