import { type Batcher, createBatcher } from "./batch.js";
import type { Clock } from "./clock.js";
import { unavailable } from "./errors.js";
import { keys } from "./keys.js";
import type { Prizes } from "./prizes.js";
import type { Redis } from "./redis.js";
import { parseWin, type Win } from "./win.js";

/** One user's try on one day. */
export type Draw = {
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
export type Decision =
  | { outcome: "no_prize"; draw_date: string }
  | { outcome: "participated" }
  | { outcome: "recorded"; draw_date: string }
  | { outcome: "won"; win: Win };

/** Draws per EVALSHA: past this a batch costs no less per draw and keeps Redis longer from others. */
const LARGEST = 256;

/** Decides draws by lua/draw.lua, all that wait in one EVALSHA. Rejects with UNAVAILABLE. */
export function createDecisions(
  redis: Redis,
  prizes: Prizes,
  clock: Clock,
): Batcher<Draw, Decision> {
  return createBatcher(decide, LARGEST);

  async function decide(draws: Draw[]): Promise<Decision[]> {
    if (!prizes.isFresh()) await prizes.reload();
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
