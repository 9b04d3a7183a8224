import type { Clock } from "../clock.js";
import type { Prize } from "./table.js";

export type Released = {
  /** units of today's quota that can go by now */
  released_today: number;
  /** when the next one can, as RFC 3339; null where all can */
  next_release_at: string | null;
};

/** What is released of a prize that has a release, by the rule of lua/draw.lua; nothing of one that has none. */
export function releasedOf(
  prize: Pick<Prize, "daily_quota" | "release_from" | "release_to">,
  clock: Pick<Clock, "now" | "today" | "momentOf">,
): Released | undefined {
  const { daily_quota: quota, release_from, release_to } = prize;
  if (!release_from || !release_to || quota === null) return undefined;
  const { date } = clock.today();
  const from = clock.momentOf(date, release_from);
  const to = clock.momentOf(date, release_to);
  const now = Math.floor(clock.now());
  const units = unitsBy(now, quota, from, to);
  return {
    released_today: units,
    next_release_at:
      units === quota
        ? null
        : new Date(nextAt(units, quota, from, to)).toISOString(),
  };
}

/** When a prize's daily quota is released on these days: from and to, in milliseconds. */
export function windowsOf(
  clock: Pick<Clock, "momentOf">,
  { release_from, release_to }: Pick<Prize, "release_from" | "release_to">,
  dates: string[],
): Record<string, [number, number]> {
  const at = (date: string, time: string | null) =>
    clock.momentOf(date, time ?? "00:00:00");
  return Object.fromEntries(
    dates.map((date) => [date, [at(date, release_from), at(date, release_to)]]),
  );
}

/** floor(quota × elapsed ÷ length), exactly. */
function unitsBy(now: number, quota: number, from: number, to: number): number {
  if (now >= to) return quota;
  if (now <= from) return 0;
  return Number((BigInt(quota) * BigInt(now - from)) / BigInt(to - from));
}

/** The first millisecond with one unit more. A day that skips the whole window releases it at its end. */
function nextAt(
  units: number,
  quota: number,
  from: number,
  to: number,
): number {
  if (to <= from) return to;
  const share = BigInt(units + 1) * BigInt(to - from);
  return from + Number((share + BigInt(quota) - 1n) / BigInt(quota));
}
