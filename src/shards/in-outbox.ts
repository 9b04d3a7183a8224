import { outboxPages } from "../outbox/pages.js";
import { parseWins } from "../outbox/win.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import type { Stretch } from "./ledger.js";

export const POOLS = ["unit", "day_unit"] as const;
export type Pool = (typeof POOLS)[number];

/** The numbers of the wins in an outbox, by prize: those of all days, and those of one. Rejects with UNAVAILABLE. */
export async function numbersInOutbox(
  redis: Redis,
  keys: Keys,
  date: string,
): Promise<Record<Pool, Map<string, Stretch[]>>> {
  const waiting = { unit: new Map(), day_unit: new Map() };
  const note = (pool: Pool, prize_id: string, number: number) => {
    const its = waiting[pool].get(prize_id) ?? [];
    its.push([number, number]);
    waiting[pool].set(prize_id, its);
  };
  for await (const page of outboxPages(redis, keys)) {
    for (const [id, [, text]] of page) {
      for (const win of parseWins(id, text ?? "")) {
        note("unit", win.prize_id, win.unit);
        if (win.draw_date === date) {
          note("day_unit", win.prize_id, win.day_unit);
        }
      }
    }
  }
  return waiting;
}
