import { NOON, nextRelease, type Rules, releasedOf } from "./rules.js";
import {
  FIRST_PRIZES,
  inForce,
  isRefused,
  lower,
  met,
  type Row,
} from "./table.js";

/** The service as promised, in memory: plain data, so that a history can be continued on a copy. */
export type Model = {
  /** the number of the history, which makes its users its own */
  history: number;
  rules: Rules;
  /** which of the moments are claimed, by their places */
  claimed: number[];
  /** milliseconds since the epoch */
  now: number;
  /** the rows of `prize`, and the last ones that were not refused */
  rows: Row[];
  good: Row[];
  /** whether each server runs, and has read the rows while they were good */
  servers: { up: boolean; readGood: boolean }[];
  /** `day user` → the draws of that day */
  draws: Record<string, Draw[]>;
  wins: Win[];
};

type Draw = { day: number; key: string | null; win: number | null };

export type Win = {
  user: string;
  day: number;
  prize: string;
  key: string | null;
  at: number;
  /** known from the first answer on */
  id: string | null;
  /** delivered once; a win that is not is told on the next try */
  told: boolean;
  redeemed: { at: number; phone: string | null } | null;
};

/** One try of a user; the roll counts if it draws. */
export type Try = { user: string; key: string | null; roll: number };

/** What a try has to be answered; `win` is its place among the wins. */
export type Outcome =
  | { kind: "won"; win: number; left: number }
  | { kind: "no_prize" | "participated"; day: number; left: number }
  | { kind: "ended" };

/** Hong Kong's days are eight hours ahead of UTC's all year. */
export const TIME_ZONE = "Asia/Hong_Kong";
const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export function createModel(
  history: number,
  rules: Rules,
  servers: number,
): Model {
  const up = { up: true, readGood: true };
  const rows = FIRST_PRIZES.map((row) => withRelease(rules, row));
  return {
    history,
    rules,
    claimed: [],
    now: NOON,
    rows,
    good: structuredClone(rows),
    servers: Array.from({ length: servers }, () => ({ ...up })),
    draws: {},
    wins: [],
  };
}

/** Decides an attempt. Whether its answer arrived is separate: see `tell`. */
export function decide(model: Model, { user, key, roll }: Try): Outcome {
  const day = today(model);
  // A key repeats its outcome until the end of the following day.
  const left = () =>
    model.rules.draws_per_day - drawsOf(model, day, user).length;
  const own = [day, day - 1]
    .flatMap((date) => drawsOf(model, date, user))
    .find((draw) => key !== null && draw.key === key);
  if (own) return repeat(own, left());
  const untold = model.wins.findIndex((win) => win.user === user && !win.told);
  if (untold >= 0) return { kind: "won", win: untold, left: left() };
  if (model.now >= (model.rules.ends_at ?? Infinity)) return { kind: "ended" };
  if (left() <= 0) return { kind: "participated", day, left: 0 };
  const fresh = draw(model, { user, key, roll }, day);
  return repeat(fresh, left());
}

const drawsOf = (model: Model, day: number, user: string) =>
  model.draws[`${day} ${user}`] ?? [];

/** Whether nobody can draw any more after a day. */
export const isLast = ({ rules }: Model, day: number) =>
  rules.ends_at !== null && rules.ends_at <= midnightAfter(day);

/** The answer of a win is out. */
export function tell(model: Model, outcome: Outcome): void {
  const win = outcome.kind === "won" && model.wins[outcome.win];
  if (win) win.told = true;
}

/**
 * Redis lost everything. Today's winners and yesterday's are known from Postgres, and today's who have not redeemed
 * are told once more, to be on the safe side. Lost draws are forgotten: a stated limit.
 */
export function forget(model: Model): void {
  const day = today(model);
  for (const [place, draws] of Object.entries(model.draws)) {
    model.draws[place] = draws.filter(
      (draw) => draw.win !== null && draw.day >= day - 1,
    );
  }
  for (const win of model.wins) win.told = win.day < day || !!win.redeemed;
}

/** Changes a row; what is in force follows. */
export function edit(model: Model, id: string, change: Partial<Row>): void {
  model.rows = model.rows.map((row) =>
    row.id === id ? withRelease(model.rules, { ...row, ...change }) : row,
  );
  if (isRefused(model.rows)) return;
  model.good = model.rows.filter((row) => row.active);
  for (const server of model.servers) server.readGood ||= server.up;
}

/** What GET /prizes has to list. */
export function stock(model: Model) {
  return prizesInForce(model).map((prize) => {
    const { left_total, left_daily } = left(model, prize);
    const released = releaseOf(model, prize);
    return {
      ...prize,
      left_total,
      left_today: lower(left_total, left_daily),
      ...(released && {
        released_today: released.units,
        next_release_at:
          released.next === null ? null : new Date(released.next).toISOString(),
      }),
    };
  });
}

export const today = ({ now }: Model) => Math.floor((now + 8 * HOUR) / DAY);

/** The first moment of the day after a day. */
const midnightAfter = (day: number) => (day + 1) * DAY - 8 * HOUR;

/** The first moment of the day after today. */
export const midnight = (model: Model) => midnightAfter(today(model));

/** What is released of today's quota of a prize that has a release. */
function releaseOf(model: Model, prize: Row) {
  if (prize.daily === null || !prize.release) return undefined;
  const of = [model.rules, prize.daily, model.now] as const;
  const began = midnightAfter(today(model) - 1);
  return { units: releasedOf(...of, began), next: nextRelease(...of, began) };
}

/** A row with its release: A has one where the rules have, and as long as it has a daily quota. */
const withRelease = ({ release }: Rules, row: Row): Row => ({
  ...row,
  release: release !== null && row.id === "A" && row.daily !== null,
});

export const dateOf = (day: number) =>
  new Date(day * DAY).toISOString().slice(0, 10);

export const resetsAt = (day: number) => `${dateOf(day + 1)}T00:00:00+08:00`;

/** The user's name outside: no history meets what an earlier one left. */
export const nameOf = ({ history }: Model, user: string) =>
  `${user}-${history}`;

const prizesInForce = ({ rows, good }: Model) =>
  inForce(rows, good).filter((prize) => prize.active);

function repeat({ day, win }: Draw, left: number): Outcome {
  return win === null
    ? { kind: "no_prize", day, left }
    : { kind: "won", win, left };
}

function draw(model: Model, { user, key, roll }: Try, day: number): Draw {
  const prizes = prizesInForce(model);
  const instead = prizes.find(({ fallback }) => fallback);
  const won = model.wins.filter((win) => win.user === user).length;
  const mayWin = won < (model.rules.wins_per_user ?? Infinity);
  const due = model.rules.moments.flatMap(({ prize, at }, n) => {
    const its = prizes.find(({ id }) => id === prize);
    const isOpen = at <= model.now && !model.claimed.includes(n);
    return its && isOpen && hasUnit(model, its) ? [{ n, prize: its }] : [];
  })[0];
  if (mayWin && due) model.claimed.push(due.n);
  const prize = mayWin
    ? (due?.prize ??
      [met(prizes, roll), instead].find((it) => it && hasUnit(model, it)))
    : undefined;
  const draw = { day, key, win: prize ? model.wins.length : null };
  model.draws[`${day} ${user}`] = [...drawsOf(model, day, user), draw];
  if (prize) {
    const at = model.now;
    const fresh = { id: null, told: false, redeemed: null };
    model.wins.push({ user, day, prize: prize.id, key, at, ...fresh });
  }
  return draw;
}

/** Whether a unit of a prize can be won now. */
function hasUnit(model: Model, prize: Row): boolean {
  const { left_total, left_daily } = left(model, prize);
  const released = releaseOf(model, prize);
  const held =
    released && prize.daily !== null ? prize.daily - released.units : 0;
  return left_total !== 0 && (left_daily === null || left_daily - held > 0);
}

/** What is left of a prize; null is unlimited. */
function left(model: Model, { id, daily, total }: Row) {
  const won = model.wins.filter((win) => win.prize === id);
  const wonToday = won.filter((win) => win.day === today(model));
  const rest = (quota: number | null, count: number) =>
    quota === null ? null : Math.max(0, quota - count);
  return {
    left_total: rest(total, won.length),
    left_daily: rest(daily, wonToday.length),
  };
}
