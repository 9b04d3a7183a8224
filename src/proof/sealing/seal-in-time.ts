import type { Day } from "../../clock.js";
import type { ProofParts } from "../parts.js";
import { isUntouched } from "./begin.js";
import { readLast } from "./sealed-days.js";

/** never: the day stays without a log; later: it is tried again; idle: nobody can draw on it. */
export type Fate = "sealed" | "never" | "later" | "idle";

/** Seals a day of a verifiable campaign, unless it is over or somebody has drawn on it. Rejects with UNAVAILABLE. */
export async function sealInTime(
  { redis, postgres, clock, held, everywhere, timeZone, settings }: ProofParts,
  day: Day,
  warn: (sentence: string) => void,
): Promise<Fate> {
  const { id, starts_at, ends_at, active, time_zone, shards } = held.campaign;
  const now = clock.now();
  const begins_at = clock.momentOf(day.date, "00:00:00");
  if (now >= day.endsAt) return "never";
  const isOutside =
    !active ||
    (starts_at ?? 0) >= day.endsAt ||
    (ends_at ?? Number.POSITIVE_INFINITY) <= begins_at;
  if (isOutside) return "idle";
  if (now >= begins_at) {
    const can = await isUntouched(redis, everywhere, day.date);
    if (can !== true) return can === false ? "never" : "later";
  }
  if (!settings) {
    warn("Nobody draws: set PROOF_KEY, since the campaign is verifiable");
    return "later";
  }
  // Who never has a verifiable campaign loads none of it.
  const { SealError, sealDay } = await import("./seal.js");
  const of = {
    ...{ campaign: id, day: day.date, shards, begins_at },
    time_zone: time_zone ?? timeZone,
    ends_at: day.endsAt,
    names: held.campaign.proof_names,
  };
  try {
    await sealDay(postgres, settings, of, now, warn);
    return "sealed";
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    const before = { before: day.date, closed: false };
    const isFirst = !(await readLast(postgres, id, before));
    if (now >= begins_at && isFirst) return "never";
    warn(`The day can't be sealed: ${error.message}`);
    return "later";
  }
}
