import { createHash, randomInt } from "node:crypto";
import { Temporal } from "temporal-polyfill";
import { createClock } from "../../clock.js";

/** How many moments a campaign may have unclaimed: a reload puts them in force in one run of lua/schedule.lua. */
export const MOST_MOMENTS = 10_000;

export type Span = {
  /** milliseconds since the epoch; `to` is not among them */
  from: number;
  to: number;
  /** local hours of each day, such as 9 to 21; undefined: the whole day */
  hours?: { from: number; to: number } | undefined;
  timeZone: string;
};

/** Moments in the span, in milliseconds, each equally likely, the earliest first. Empty where the span is. */
export function generateMoments(
  count: number,
  span: Span,
  below: (n: number) => number = randomInt,
): number[] {
  const parts = partsOf(span);
  const length = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  if (length <= 0) return [];
  return Array.from({ length: count }, () => {
    let left = below(length);
    const part = parts.find(({ from, to }) => {
      if (left < to - from) return true;
      left -= to - from;
      return false;
    });
    return (part?.from ?? span.from) + left;
  }).sort((one, other) => one - other);
}

/** What of the span lies within the hours, day by day. */
function partsOf({ from, to, hours, timeZone }: Span) {
  if (!hours) return [{ from, to }];
  const clock = createClock(timeZone, async () => from);
  const dayAt = (moment: number) =>
    Temporal.Instant.fromEpochMilliseconds(moment)
      .toZonedDateTimeISO(timeZone)
      .toPlainDate();
  const parts: { from: number; to: number }[] = [];
  const last = dayAt(to);
  for (
    let day = dayAt(from);
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    const hour = (n: number) =>
      clock.momentOf(day.toString(), `${String(n).padStart(2, "0")}:00:00`);
    const part = {
      from: Math.max(from, hour(hours.from)),
      to: Math.min(to, hour(hours.to)),
    };
    if (part.to > part.from) parts.push(part);
  }
  return parts;
}

/** A list of moments as its certificate has it: a line each, `campaign prize moment`, the earliest first. */
export const listOf = (
  campaign: string,
  prizeId: string,
  moments: number[],
): string =>
  moments
    .map((at) => `${campaign} ${prizeId} ${new Date(at).toISOString()}\n`)
    .join("");

/** SHA-256 of such a list, in hexadecimal digits. */
export const digestOf = (list: string): string =>
  createHash("sha256").update(list).digest("hex");
