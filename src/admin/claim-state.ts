import { Temporal } from "temporal-polyfill";
import type { Clock } from "../clock.js";

export type State = "open" | "redeemed" | "forfeited";

/** The first draw date whose wins can still be redeemed, or undefined where wins don't expire. */
export function openSince(
  clock: Clock,
  claimDays: number | undefined,
): string | undefined {
  if (claimDays === undefined) return undefined;
  const today = Temporal.PlainDate.from(clock.today().date);
  return today.subtract({ days: claimDays }).toString();
}

export function stateOf(
  win: { redeemed_at: unknown; draw_date: string },
  since: string | undefined,
): State {
  if (win.redeemed_at) return "redeemed";
  return since !== undefined && win.draw_date < since ? "forfeited" : "open";
}
