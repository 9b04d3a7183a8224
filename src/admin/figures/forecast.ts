import { left } from "../../prizes/table.js";

/** A prize with what is taken of it, in units; a quota of null is unlimited. */
export type Taken = {
  probability: number;
  daily_quota: number | null;
  total_quota: number | null;
  active: boolean;
  fallback: boolean;
  taken_today: number;
  taken_total: number;
  /** when the last unit of the day is released, in milliseconds since the epoch; undefined: all are there */
  releasedAt?: number | undefined;
  /** winning moments of today that nobody has claimed yet */
  moments?: number;
};

/** A day so far. Moments in milliseconds since the epoch. */
export type Traffic = {
  /** whatever came of them; null where nobody knows */
  draws: number | null;
  /** of a draw, by the odds alone, from 0 to 1 */
  chanceOfNoPrize: number;
  now: number;
  beginsAt: number;
  endsAt: number;
  /** when the campaign ends; undefined: never */
  campaignEndsAt?: number | undefined;
  /** IANA name, of the times in the sentence */
  timeZone: string;
};

/** Moments as RFC 3339, null for not at this pace; units, null where nothing can be said. */
export type Forecast = {
  daily_out_at: string | null;
  total_out_at: string | null;
  left_over_today: number | null;
  warning: string | null;
};

const DAY_MS = 86_400_000;

/** Less of a day than this says nothing of its pace: draws, and milliseconds. */
const LEAST_DRAWS = 20;
const LEAST_TIME_MS = 5 * 60_000;

/** A moment further away than this is no forecast, in milliseconds. */
const HORIZON_MS = 3_650 * DAY_MS;

/** The part of a daily quota that may be left over without a warning. */
const SPARE_PART = 0.2;

/**
 * When a prize's quotas run out if the draws go on as they came today on average, and one sentence where odds, quotas
 * and traffic do not fit. Wins are expected to be draws times odds: the few real ones of a rare prize say less. A later
 * day counts as 24 hours of that pace, and gives no more than the daily quota.
 */
export function forecast(prize: Taken, traffic: Traffic): Forecast {
  const { now, timeZone, campaignEndsAt = Infinity } = traffic;
  const endsAt = Math.min(traffic.endsAt, campaignEndsAt);
  const { moments = 0, releasedAt = 0 } = prize;
  const leftDaily = left(prize.daily_quota, prize.taken_today) ?? Infinity;
  const leftTotal = left(prize.total_quota, prize.taken_total) ?? Infinity;
  const say = (warning: string | null, more: Partial<Forecast> = {}) => ({
    daily_out_at: null,
    total_out_at: null,
    left_over_today: null,
    ...more,
    warning,
  });
  if (!prize.active || now >= endsAt) return say(null);
  if (leftTotal === 0) return say("Sold out for good.");
  const fact = leftDaily === 0 ? "Sold out for today." : null;
  const pace = paceOf(traffic);
  if (pace === undefined) return say(fact);

  const instead = prize.fallback ? traffic.chanceOfNoPrize : 0;
  const wins = pace * (prize.probability + instead); // a millisecond
  const leftToday = Math.min(leftDaily, leftTotal);
  const today = Math.min(leftToday, wins * (endsAt - now) + moments);
  // The moments come first; and nothing is sold out before its last unit is released.
  const byOdds = Math.max(0, leftToday - moments);
  const out = wins > 0 ? Math.max(now + byOdds / wins, releasedAt) : Infinity;
  const isGone = today === leftToday && out <= endsAt;
  const outToday = isGone ? out : undefined;
  const isForGood = outToday !== undefined && leftTotal <= leftDaily;
  const totalOut = isForGood ? outToday : laterOut();
  const dailyOut =
    leftDaily > 0 && leftDaily <= leftTotal ? outToday : undefined;
  const leftOver = Math.round(leftToday - today);
  const figures = {
    daily_out_at: moment(dailyOut),
    total_out_at: moment(totalOut),
    left_over_today: prize.daily_quota === null ? null : leftOver,
  };
  if (outToday !== undefined && !fact) {
    const what = isForGood ? "Sold out for good" : "Sold out";
    const time = clockTime(outToday, timeZone);
    return say(`${what} by ${time} at today's pace.`, figures);
  }
  const isIdle = leftOver > SPARE_PART * (prize.daily_quota ?? Infinity);
  return say(fact ?? (isIdle ? leftOverTonight(leftOver) : null), figures);

  function laterOut(): number | undefined {
    const perDay = Math.min(wins * DAY_MS, prize.daily_quota ?? Infinity);
    const rest = leftTotal - today;
    const fullDays = Math.ceil(rest / perDay) - 1;
    const out = endsAt + fullDays * DAY_MS + (rest - fullDays * perDay) / wins;
    return out <= Math.min(now + HORIZON_MS, campaignEndsAt) ? out : undefined;
  }
}

/** Draws a millisecond, or undefined where the day is too young to tell. */
function paceOf({ draws, now, beginsAt }: Traffic): number | undefined {
  const elapsed = now - beginsAt;
  if (draws === null || draws < LEAST_DRAWS || elapsed < LEAST_TIME_MS) {
    return undefined;
  }
  return draws / elapsed;
}

const moment = (at: number | undefined) =>
  at === undefined ? null : new Date(at).toISOString();

const clockTime = (at: number, timeZone: string) =>
  new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "short" }).format(at);

const leftOverTonight = (units: number) =>
  `${units.toLocaleString("en-US")} ${units === 1 ? "unit" : "units"} will be left over tonight.`;
