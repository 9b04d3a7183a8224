import { Temporal } from "temporal-polyfill";
import Type, { type Static } from "typebox";
import type { Clock } from "../clock.js";

/** What became of a win. A forfeited unit stays taken: it is not drawn again. */
export const State = Type.Enum(["open", "redeemed", "forfeited"]);
export type State = Static<typeof State>;

/** The first draw date whose wins can still be redeemed, or undefined where wins don't expire. */
export function openSince(
  clock: Pick<Clock, "today">,
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

/**
 * When a win of a draw date can no longer be redeemed: the end of the `claimDays`-th campaign day after it, as RFC 3339
 * with the zone's offset. Undefined where wins don't expire.
 */
export function createClaimUntil() {
  // Nearly all wins are told on the day of their draw: the last end of each clock, which knows its zone's offset.
  const last = new WeakMap<object, { of: string; until: string }>();
  return (
    clock: Pick<Clock, "day">,
    date: string,
    claimDays: number | undefined,
  ): string | undefined => {
    if (claimDays === undefined) return undefined;
    const known = last.get(clock);
    const of = `${date} ${claimDays}`;
    if (known?.of === of) return known.until;
    const end = Temporal.PlainDate.from(date).add({ days: claimDays });
    const until = clock.day(end.toString()).resetsAt;
    last.set(clock, { of, until });
    return until;
  };
}
