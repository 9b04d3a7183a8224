import { Temporal } from "temporal-polyfill";

/** A campaign day in its time zone. It begins at the first moment of the date and ends where the next date begins. */
export type Day = {
  /** `2026-11-22` */
  date: string;
  /** the date of the day before */
  before: string;
  /** first millisecond of the next day */
  endsAt: number;
  /** `endsAt` as RFC 3339 with the zone's offset */
  resetsAt: string;
  /** when the day's Redis keys may go, in seconds: two days after its end */
  expiresAt: number;
};

export type Clock = {
  /** Milliseconds since the epoch by Redis's clock, which all servers share. */
  now(): number;
  /** The campaign day of `now()`. */
  today(): Day;
  /** The campaign day of a date. */
  day(date: string): Day;
  /** Compares this machine's clock with Redis's. Rejects where Redis is away. */
  sync(): Promise<void>;
};

/** This machine's clock, monotonic: a step of the wall clock doesn't move it. Milliseconds since the epoch. */
const machineTime = () => performance.timeOrigin + performance.now();

/** A comparison whose answer took longer than this many milliseconds says too little to replace an earlier one. */
const LONGEST_COMPARISON = 250;

/**
 * One clock for any number of servers: their own clocks may be wrong by minutes, so each one keeps its distance from
 * Redis's. `local` and `shared` give milliseconds since the epoch.
 */
export function createClock(
  timeZone: string,
  shared: () => Promise<number>,
  local: () => number = machineTime,
): Clock {
  let ahead = 0;
  let compared = false;
  let current: Day | undefined;
  let beginsAt = 0;

  const now = () => local() - ahead;

  function today(): Day {
    const moment = now();
    if (!current || moment >= current.endsAt || moment < beginsAt) {
      const zoned = Temporal.Instant.fromEpochMilliseconds(
        Math.floor(moment),
      ).toZonedDateTimeISO(timeZone);
      current = dayOf(zoned.toPlainDate(), timeZone);
      beginsAt = zoned.startOfDay().epochMilliseconds;
    }
    return current;
  }

  async function sync(): Promise<void> {
    const asked = local();
    const theirs = await shared();
    const answered = local();
    if (compared && answered - asked > LONGEST_COMPARISON) return;
    ahead = (asked + answered) / 2 - theirs;
    compared = true;
  }

  const day = (date: string) =>
    current?.date === date
      ? current
      : dayOf(Temporal.PlainDate.from(date), timeZone);

  return { now, today, day, sync };
}

function dayOf(date: Temporal.PlainDate, timeZone: string): Day {
  const end = date.add({ days: 1 }).toZonedDateTime(timeZone);
  return {
    date: date.toString(),
    before: date.subtract({ days: 1 }).toString(),
    endsAt: end.epochMilliseconds,
    resetsAt: end.toString({ timeZoneName: "never" }),
    expiresAt: Math.floor(end.epochMilliseconds / 1000) + 2 * 86_400,
  };
}
