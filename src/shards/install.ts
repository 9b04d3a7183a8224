import { unavailable } from "../errors.js";
import type { Redis } from "../stores/redis.js";
import type { Held, Stretch } from "./ledger.js";
import { countUpTo } from "./pools.js";
import { without } from "./stretches.js";

/**
 * Puts the numbers that a shard holds into its counters, by lua/install.lua. `waiting`: prize id → numbers in its outbox, which was
 * read before `held`. Returns false where they have another name by now. Rejects with UNAVAILABLE.
 */
export async function install(
  redis: Redis,
  counters: string,
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
    .install(1, counters, rights, ...lines)
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  return answer !== "stale";
}

const textOf = (stretches: Stretch[]) =>
  stretches.map(([first, last]) => `${first}-${last}`).join(",");
