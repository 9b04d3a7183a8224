import { Temporal } from "temporal-polyfill";

/** A campaign day in its time zone. It begins at the first moment of the date and ends where the next date begins. */
export type Day = {
  /** `2026-11-22` */
  date: string;
  /** the date of the day before */
  before: string;
  /** the date of the day after */
  after: string;
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
  /** Whether it was ever compared with Redis's. */
  isCompared(): boolean;
  /** Redis's clock has just been set, or is wrong: which of the two is not known yet, and `now()` goes on as before. */
  isDoubted(): boolean;
  /** How often Redis's clock was seen to step, there and back: a step may have expired keys before their time. */
  steps(): number;
  /** The campaign day of a moment, in milliseconds since the epoch. */
  dayAt(moment: number): Day;
  /** The moment of a local time of a campaign day, such as `09:00:00` or `24:00:00`, in milliseconds since the epoch. */
  momentOf(date: string, time: string): number;
  /** The same clock, whose days are those of another zone. It is asked for the zone each time, since that may be edited. */
  in(timeZone: () => string): Clock;
};

/** Whether there is such a time zone, by its IANA name: an offset such as +08:00 is none. */
export function isTimeZone(name: string): boolean {
  try {
    return (
      Boolean(new Intl.DateTimeFormat("en", { timeZone: name })) &&
      !/^[+-]/.test(name)
    );
  } catch {
    return false;
  }
}

/** This machine's clock, monotonic: a step of the wall clock doesn't move it. Milliseconds since the epoch. */
const machineTime = () => performance.timeOrigin + performance.now();

/** A comparison whose answer took longer than this says too little to replace an earlier one. */
const LONGEST_COMPARISON_MS = 250;

/** A step of Redis's clock by more than this is doubted; a machine's clock drifts by less in a day. */
const LARGEST_STEP_MS = 60_000;

/** How long a step must stand before it is believed, in milliseconds. */
const DOUBT_MS = 5_000;

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
  let doubtedSince: number | undefined;
  let steps = 0;

  const now = () => local() - ahead;

  async function sync(): Promise<void> {
    const asked = local();
    const theirs = await shared();
    const answered = local();
    if (compared && answered - asked > LONGEST_COMPARISON_MS) return;
    const measured = (asked + answered) / 2 - theirs;
    if (compared && isStep(measured - ahead, answered)) return;
    ahead = measured;
    compared = true;
  }

  /** Whether to go on as before: a clock that jumps for seconds and comes back must not begin another day. */
  function isStep(step: number, at: number): boolean {
    const isLarge = Math.abs(step) > LARGEST_STEP_MS;
    if (isLarge === (doubtedSince === undefined)) steps += 1;
    if (isLarge) doubtedSince ??= at;
    if (isLarge && at - (doubtedSince ?? at) < DOUBT_MS) return true;
    doubtedSince = undefined;
    return false;
  }

  const isDoubted = () => doubtedSince !== undefined;
  const isCompared = () => compared;
  const shown = { now, sync, isCompared, isDoubted, steps: () => steps };
  const within = (zone: () => string): Clock => ({
    ...shown,
    ...createDays(now, zone),
    in: within,
  });
  return within(() => timeZone);
}

/** The days of a zone. */
function createDays(now: () => number, zone: () => string) {
  let timeZone = "";
  let current: Day | undefined;
  let beginsAt = 0;

  function today(): Day {
    const moment = now();
    const isOver = !current || moment >= current.endsAt || moment < beginsAt;
    if (isOver || timeZone !== zone()) {
      timeZone = zone();
      const zoned = Temporal.Instant.fromEpochMilliseconds(
        Math.floor(moment),
      ).toZonedDateTimeISO(timeZone);
      current = dayOf(zoned.toPlainDate(), timeZone);
      beginsAt = zoned.startOfDay().epochMilliseconds;
    }
    return current as Day;
  }

  const day = (date: string): Day =>
    current?.date === date && timeZone === zone()
      ? current
      : dayOf(Temporal.PlainDate.from(date), zone());

  const dayAt = (moment: number): Day =>
    dayOf(
      Temporal.Instant.fromEpochMilliseconds(Math.floor(moment))
        .toZonedDateTimeISO(zone())
        .toPlainDate(),
      zone(),
    );

  function momentOf(date: string, time: string): number {
    const plain = Temporal.PlainDate.from(date);
    const isEnd = time.startsWith("24:");
    const zoned = isEnd
      ? plain.add({ days: 1 }).toZonedDateTime(zone())
      : plain.toZonedDateTime({ timeZone: zone(), plainTime: time });
    return zoned.epochMilliseconds;
  }

  return { today, day, dayAt, momentOf };
}

function dayOf(date: Temporal.PlainDate, timeZone: string): Day {
  const end = date.add({ days: 1 }).toZonedDateTime(timeZone);
  return {
    date: date.toString(),
    before: date.subtract({ days: 1 }).toString(),
    after: date.add({ days: 1 }).toString(),
    endsAt: end.epochMilliseconds,
    resetsAt: end.toString({ timeZoneName: "never" }),
    expiresAt: Math.floor(end.epochMilliseconds / 1000) + 2 * 86_400,
  };
}
