import { createBatcher } from "./batch.js";
import type { Clock } from "./clock.js";
import { unavailable } from "./errors.js";
import { keys } from "./keys.js";
import type { Prizes } from "./prizes.js";
import { attemptOf, type Random } from "./random.js";
import type { Redis } from "./redis.js";
import type { Result, Results } from "./results.js";
import type { Settle, Settlement } from "./settle.js";
import { parseWin, type Win } from "./win.js";

/** One user's try on one day. */
type Draw = {
  user_id: string;
  draw_date: string;
  attempt: string;
  /** named by an Idempotency-Key, so that it may come again after midnight */
  keyed: boolean;
  roll: number;
  id: string;
  /** the outbox entry of a win that Postgres refused and that is to be decided again, or empty */
  refused: string;
};

/** What draw.lua answers for a draw. */
type Decision =
  | { outcome: "no_prize"; draw_date: string }
  | { outcome: "participated" }
  | { outcome: "recorded"; draw_date: string }
  | { outcome: "won"; win: Win };

/** A decided draw. A win's row is committed; `settlement` is to be settled once the answer is out. */
export type Outcome =
  | { outcome: "no_prize"; draw_date: string }
  | { outcome: "participated"; draw_date: string }
  | {
      outcome: "won";
      result: Result;
      title: string;
      settlement: Omit<Settlement, "delivered">;
    };

export type Engine = {
  /** One draw of a user, today. Rejects with UNAVAILABLE where the outcome can't be known or recorded now. */
  draw(userId: string, idempotencyKey?: string): Promise<Outcome>;
  /** Brings a win found in the outbox to its end, as `draw` would have. */
  resume(win: Win): Promise<Outcome>;
};

/** Draws per EVALSHA: past this a batch costs no less per draw and keeps Redis longer from others. */
const LARGEST = 256;

/** How often a win that Postgres refuses is decided again. */
const ROUNDS = 3;

export function createEngine(
  redis: Redis,
  prizes: Prizes,
  results: Results,
  settle: Settle,
  clock: Clock,
  random: Random,
): Engine {
  const decisions = createBatcher<Draw, Decision>(decide, LARGEST);

  function draw(userId: string, idempotencyKey?: string): Promise<Outcome> {
    return follow({
      user_id: userId,
      draw_date: clock.today().date,
      attempt: attemptOf(idempotencyKey),
      keyed: idempotencyKey !== undefined,
      roll: random.roll(),
      id: random.id(),
      refused: "",
    });
  }

  function resume(win: Win): Promise<Outcome> {
    const { user_id, draw_date, attempt, roll } = win;
    const id = random.id();
    const again = { user_id, draw_date, attempt, keyed: false, roll, id };
    return conclude(win, { ...again, refused: "" }, ROUNDS);
  }

  async function follow(draw: Draw, rounds = ROUNDS): Promise<Outcome> {
    const decision = await decisions.add(draw);
    switch (decision.outcome) {
      case "no_prize":
        return decision;
      case "participated":
        return { outcome: "participated", draw_date: draw.draw_date };
      case "recorded":
        return recall(draw.user_id, decision.draw_date);
      case "won":
        return conclude(decision.win, draw, rounds);
    }
  }

  async function conclude(
    win: Win,
    draw: Draw,
    rounds: number,
  ): Promise<Outcome> {
    const { id, user_id, prize_id, draw_date, entry, attempt } = win;
    const settlement = { entry, user_id, draw_date, attempt };
    switch (await results.record(win)) {
      case "recorded": {
        const created_at = new Date(win.created_at).toISOString();
        const result = { id, user_id, prize_id, created_at };
        const title = await prizes.title(prize_id);
        return { outcome: "won", result, title, settlement };
      }
      case "participated":
        // Redis had forgotten this user's draw. The row that stands counts; the unit just taken is forgone.
        await settle.settle({ ...settlement, delivered: false });
        return recall(user_id, draw_date);
      case "refused": {
        if (rounds <= 1) throw unavailable(new Error("refused again"));
        await prizes.reload(draw_date);
        const { roll } = win;
        const again = { ...draw, draw_date, attempt, roll, refused: entry };
        return follow({ ...again, id: random.id() }, rounds - 1);
      }
    }
  }

  /** A win whose row is already in Postgres. */
  async function recall(userId: string, date: string): Promise<Outcome> {
    const settlement = {
      entry: "",
      user_id: userId,
      draw_date: date,
      attempt: "",
    };
    const result = await results.find(userId, date);
    if (result) {
      const title = await prizes.title(result.prize_id);
      return { outcome: "won", result, title, settlement };
    }
    // Postgres has lost the row: without this the user would be held to it for ever.
    await settle.settle({ ...settlement, delivered: true });
    return { outcome: "participated", draw_date: date };
  }

  async function decide(draws: Draw[]): Promise<Decision[]> {
    await prizes.ensureFresh();
    const decisions = new Map<Draw, Decision>();
    for (const date of new Set(draws.map((draw) => draw.draw_date))) {
      const ofDay = draws.filter((draw) => draw.draw_date === date);
      const replies = await decideDay(date, ofDay);
      ofDay.forEach((draw, i) => {
        decisions.set(draw, readDecision(replies[i]));
      });
    }
    return draws.map((draw) => decisions.get(draw) as Decision);
  }

  async function decideDay(date: string, draws: Draw[]): Promise<unknown[]> {
    const replies = await evaluate(date, draws);
    if (replies !== "not_loaded") return replies;
    await prizes.reload(date);
    const again = await evaluate(date, draws);
    if (again !== "not_loaded") return again;
    throw unavailable(new Error("no prize table in force"));
  }

  async function evaluate(
    date: string,
    draws: Draw[],
  ): Promise<unknown[] | "not_loaded"> {
    const day = clock.day(date);
    const names: string[] = [
      keys.prizes,
      keys.taken,
      keys.takenToday(date),
      keys.outbox,
      keys.pending,
    ];
    const values: (string | number)[] = [
      date,
      day.before,
      Math.floor(clock.now()),
      day.expiresAt,
    ];
    for (const draw of draws) {
      const { user_id, attempt, keyed, roll, id, refused } = draw;
      names.push(
        keys.players(date, user_id),
        keys.players(day.before, user_id),
      );
      values.push(user_id, attempt, keyed ? 1 : 0, roll, id, refused);
    }
    try {
      const replies = await redis.draw(names.length, ...names, ...values);
      return replies as unknown[] | "not_loaded";
    } catch (error) {
      throw unavailable(error);
    }
  }

  return { draw, resume };
}

function readDecision(reply: unknown): Decision {
  const [outcome, first, second] = reply as [string, string, string];
  switch (outcome) {
    case "no_prize":
    case "recorded":
      return { outcome, draw_date: first };
    case "participated":
      return { outcome };
    case "won":
      return { outcome, win: parseWin(first, second) };
    default:
      throw new Error(`draw.lua answered ${outcome}`);
  }
}
