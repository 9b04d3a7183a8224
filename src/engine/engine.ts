import type { Clock } from "../clock.js";
import { unavailable } from "../errors.js";
import type { Settlement, Settlements } from "../outbox/settle.js";
import type { Win } from "../outbox/win.js";
import type { Prizes } from "../prizes/reload.js";
import { attemptOf, nameAttempt, type Random } from "../random.js";
import type { RowFate } from "../results/record.js";
import type { Result, Results } from "../results/results.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";
import { createDecisions } from "./decide.js";
import type { Draw } from "./script.js";

/** A decided draw. A win's row is committed; add `settlement` to the settlements once the answer is out. */
export type Outcome =
  | { outcome: "no_prize"; draw_date: string }
  | { outcome: "participated"; draw_date: string }
  | {
      outcome: "won";
      result: Result;
      title: string;
      settlement: Omit<Settlement, "telling">;
    };

export type Engine = {
  /** One draw of a user, today. Rejects with UNAVAILABLE if the outcome can't be known or recorded now. */
  draw(userId: string, idempotencyKey?: string): Promise<Outcome>;
  /** Finishes a win found in the outbox, as `draw` would have. */
  resume(win: Win): Promise<Outcome>;
};

/** How often a win that Postgres refuses is decided again. */
const MOST_ROUNDS = 3;

export function createEngine(
  {
    redis,
    postgres,
    prizes,
    results,
    settlements,
    clock,
  }: {
    redis: Redis;
    postgres: Postgres;
    prizes: Prizes;
    results: Results;
    settlements: Settlements;
    clock: Clock;
  },
  random: Random,
  warn: (details: object, sentence: string) => void,
): Engine {
  const decisions = createDecisions(redis, postgres, prizes, clock);

  function draw(userId: string, idempotencyKey?: string): Promise<Outcome> {
    const begin = () => {
      const attempt = nameAttempt(idempotencyKey);
      return follow({
        user_id: userId,
        draw_date: clock.today().date,
        attempt,
        keyed: idempotencyKey !== undefined,
        roll: random.roll(),
        id: random.id(attempt),
        refused: "",
      });
    };
    // Only after a reload is the clock known to agree with Redis's, and so the day.
    return prizes.isFresh() ? begin() : prizes.reload().then(begin);
  }

  async function resume(win: Win): Promise<Outcome> {
    const { user_id, draw_date, attempt, roll } = win;
    const id = random.id(attempt);
    const again = { user_id, draw_date, attempt, keyed: false, roll, id };
    const fate = await results.record(win);
    return conclude(fate, win, { ...again, refused: "" }, MOST_ROUNDS);
  }

  // One async function for all that every draw passes: each further one took a kilobyte of the 21 that a win took.
  async function follow(draw: Draw, rounds = MOST_ROUNDS): Promise<Outcome> {
    const decision = await decisions.add(draw);
    switch (decision.outcome) {
      case "no_prize":
        return decision;
      case "participated":
        return { outcome: "participated", draw_date: draw.draw_date };
      case "recorded":
        return recall(draw.user_id, decision.draw_date);
      case "won": {
        const { win } = decision;
        const fate = await results.record(win);
        return conclude(fate, win, draw, rounds);
      }
    }
  }

  function conclude(
    fate: RowFate,
    win: Win,
    draw: Draw,
    rounds: number,
  ): Outcome | Promise<Outcome> {
    if (fate !== "recorded") return decideAgain(fate, win, draw, rounds);
    const { id, user_id, prize_id, draw_date, entry, attempt } = win;
    const settlement = { entry, user_id, draw_date, attempt };
    const created_at = rfc3339(win.created_at);
    const result = { id, user_id, prize_id, created_at };
    const title = prizes.title(prize_id);
    return typeof title === "string"
      ? { outcome: "won", result, title, settlement }
      : title.then((title) => ({ outcome: "won", result, title, settlement }));
  }

  async function decideAgain(
    fate: Exclude<RowFate, "recorded">,
    win: Win,
    draw: Draw,
    rounds: number,
  ): Promise<Outcome> {
    const { user_id, draw_date, entry, attempt } = win;
    const settlement = { entry, user_id, draw_date, attempt };
    switch (fate) {
      case "participated":
        // Redis had forgotten this user's draw. The existing row counts; the unit just taken is lost.
        report(win, "participated");
        prizes
          .reload(draw_date, { clash: { win, participated: true } })
          .catch(() => {}); // tried again by the next draw or look
        return recall(user_id, draw_date, settlement);
      case "refused": {
        report(win, "refused");
        if (rounds <= 1) throw unavailable(new Error("refused again"));
        const clash = { win, participated: false };
        await prizes.reload(draw_date, { clash });
        const { roll } = win;
        const again = { ...draw, draw_date, attempt, roll, refused: entry.id };
        const id = random.id(attempt);
        const end = await follow({ ...again, id }, rounds - 1);
        await settlements.add({ ...settlement, telling: "void" });
        const own = draw.attempt === attempt;
        // The attempt lost after all. Only its own caller has lost; anybody else who asked for that win has
        // participated.
        return end.outcome === "no_prize" && !own
          ? { outcome: "participated", draw_date }
          : end;
      }
    }
  }

  function report({ prize_id, draw_date, unit }: Win, fate: RowFate): void {
    warn({ prize_id, draw_date, unit, fate }, "a win has no row");
  }

  /**
   * A win whose row is already in Postgres; `instead` settles the refused attempt of the same user, if there was one.
   */
  async function recall(
    userId: string,
    date: string,
    instead?: Omit<Settlement, "telling">,
  ): Promise<Outcome> {
    const result = await results.find(userId, date);
    const attempt = result ? attemptOf(result.id) : "";
    const of = { user_id: userId, draw_date: date };
    const settlement = { entry: undefined, ...of, attempt };
    if (instead) {
      const stands = result ? { stands: attempt } : {};
      await settlements.add({ ...instead, ...stands, telling: "untold" });
    }
    if (result) {
      const title = await prizes.title(result.prize_id);
      return { outcome: "won", result, title, settlement };
    }
    // Postgres has lost the row: without this the user could never draw again.
    await settlements.add({ ...settlement, telling: "told" });
    return { outcome: "participated", draw_date: clock.today().date };
  }

  return { draw, resume };
}

let latest = Number.NaN;
let written = "";

/** Milliseconds since the epoch as RFC 3339. All wins of a batch have the same moment, so it is written once. */
function rfc3339(moment: number): string {
  if (moment !== latest) {
    written = new Date(moment).toISOString();
    latest = moment;
  }
  return written;
}
