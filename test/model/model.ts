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
  /** milliseconds since the epoch */
  now: number;
  /** the rows of `prize`, and the last ones that were not refused */
  rows: Row[];
  good: Row[];
  /** whether each server runs, and has read the rows while they were good */
  servers: { up: boolean; readGood: boolean }[];
  /** `day user` → the draw of that day */
  draws: Record<string, Draw>;
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
  | { kind: "won"; win: number }
  | { kind: "no_prize" | "participated"; day: number };

/** Hong Kong's days are eight hours ahead of UTC's all year. */
export const TIME_ZONE = "Asia/Hong_Kong";
const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export function createModel(history: number, servers: number): Model {
  const up = { up: true, readGood: true };
  return {
    history,
    now: Date.parse("2099-11-22T12:00:00+08:00"),
    rows: structuredClone(FIRST_PRIZES),
    good: structuredClone(FIRST_PRIZES),
    servers: Array.from({ length: servers }, () => ({ ...up })),
    draws: {},
    wins: [],
  };
}

/** Decides an attempt. Whether its answer arrived is separate: see `tell`. */
export function decide(model: Model, { user, key, roll }: Try): Outcome {
  const day = today(model);
  // A key repeats its outcome until the end of the following day.
  const own = [day, day - 1]
    .map((date) => model.draws[`${date} ${user}`])
    .find((draw) => draw && key !== null && draw.key === key);
  if (own) return repeat(own);
  const untold = model.wins.findIndex((win) => win.user === user && !win.told);
  if (untold >= 0) return { kind: "won", win: untold };
  if (model.draws[`${day} ${user}`]) return { kind: "participated", day };
  return repeat(draw(model, { user, key, roll }, day));
}

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
  for (const [place, draw] of Object.entries(model.draws)) {
    if (draw.win === null || draw.day < day - 1) delete model.draws[place];
  }
  for (const win of model.wins) win.told = win.day < day || !!win.redeemed;
}

/** Changes a row; what is in force follows. */
export function edit(model: Model, id: string, change: Partial<Row>): void {
  model.rows = model.rows.map((row) =>
    row.id === id ? { ...row, ...change } : row,
  );
  if (isRefused(model.rows)) return;
  model.good = model.rows.filter((row) => row.active);
  for (const server of model.servers) server.readGood ||= server.up;
}

/** What GET /prizes has to list. */
export function stock(model: Model) {
  return prizesInForce(model).map((prize) => {
    const { left_total, left_daily } = left(model, prize);
    return { ...prize, left_total, left_today: lower(left_total, left_daily) };
  });
}

export const today = ({ now }: Model) => Math.floor((now + 8 * HOUR) / DAY);

/** The first moment of the day after today. */
export const midnight = (model: Model) => (today(model) + 1) * DAY - 8 * HOUR;

export const dateOf = (day: number) =>
  new Date(day * DAY).toISOString().slice(0, 10);

export const resetsAt = (day: number) => `${dateOf(day + 1)}T00:00:00+08:00`;

/** The user's name outside: no history meets what an earlier one left. */
export const nameOf = ({ history }: Model, user: string) =>
  `${user}-${history}`;

const prizesInForce = ({ rows, good }: Model) =>
  inForce(rows, good).filter((prize) => prize.active);

function repeat({ day, win }: Draw): Outcome {
  return win === null ? { kind: "no_prize", day } : { kind: "won", win };
}

function draw(model: Model, { user, key, roll }: Try, day: number): Draw {
  const prizes = prizesInForce(model);
  const instead = prizes.find(({ fallback }) => fallback);
  const prize = [met(prizes, roll), instead].find((prize) => {
    const { left_total, left_daily } = prize ? left(model, prize) : NOTHING;
    return left_total !== 0 && left_daily !== 0;
  });
  const draw = { day, key, win: prize ? model.wins.length : null };
  model.draws[`${day} ${user}`] = draw;
  if (prize) {
    const at = model.now;
    const fresh = { id: null, told: false, redeemed: null };
    model.wins.push({ user, day, prize: prize.id, key, at, ...fresh });
  }
  return draw;
}

const NOTHING = { left_total: 0, left_daily: 0 };

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
