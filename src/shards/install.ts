import { unavailable } from "../errors.js";
import type { Redis } from "../stores/redis.js";
import type { Held } from "./ledger.js";

/**
 * Puts the numbers that a shard holds into its counters, by lua/install.lua. Returns false where they have another name by now.
 * Rejects with UNAVAILABLE.
 */
export async function install(
  redis: Redis,
  counters: string,
  rights: string,
  held: Held,
): Promise<boolean> {
  const lines = Object.entries(held).flatMap(
    ([prize_id, { granted, size, units }]) => [
      prize_id,
      granted,
      size,
      units.map(([first, last, row]) => `${first}-${last}:${row}`).join(","),
    ],
  );
  const answer = await redis
    .install(1, counters, rights, ...lines)
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  return answer !== "stale";
}
