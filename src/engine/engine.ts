import { unavailable } from "../errors.js";
import type { Settlement, Settlements } from "../outbox/settle.js";
import { placeOf, type Win } from "../outbox/win.js";
import type { Scope } from "../prizes/campaign.js";
import type { Prizes } from "../prizes/reload.js";
import { countWins } from "../prizes/restoring/recount-wins.js";
import type { Days } from "../proof/days.js";
import type { Receipt } from "../proof/notes/receipts.js";
import { attemptOf, nameAttempt, type Random } from "../random.js";
import type { RowFate } from "../results/record.js";
import type { Result, Results } from "../results/results.js";
import type { Ask } from "../shards/ask.js";
import type { Replenish, Waiting } from "../shards/replenish.js";
import type { Spare } from "../shards/spare.js";
import { closedFailure } from "./closed.js";
import { createDecisions } from "./decide.js";
import type { Draw } from "./draw.js";

/** A decided draw. A win's row is committed; add `settlement` to the settlements once the answer is out. */
export type Outcome = (
  | { outcome: "no_prize"; draw_date: string }
  | { outcome: "participated"; draw_date: string }
  | {
      outcome: "won";
      result: Result;
      title: string;
      settlement: Omit<Settlement, "telling">;
    }
) & {
  /** of the user's draws of that day, where there are several */
  draws_left?: number;
  /** of a draw that was decided now, where its day has a log */
  receipt?: Receipt;
};

export type Engine = {
  /**
   * One draw of a user, today. Rejects with CAMPAIGN_NOT_STARTED, CAMPAIGN_ENDED, CAMPAIGN_NOT_FOUND, and with UNAVAILABLE if
   * the outcome can't be known or recorded now.
   */
  draw(userId: string, idempotencyKey?: string): Promise<Outcome>;
  /** Finishes a win found in the outbox, as `draw` would have. */
  resume(win: Win): Promise<Outcome>;
};

/** How often a win that Postgres refuses is decided again. */
const MOST_ROUNDS = 3;

/** How long a draw may wait for its shard to get numbers, with all that it takes. */
const STARVED_MS = 1_600;

export function createEngine(
  scope: Scope,
  {
    prizes,
    results,
    settlements,
    replenish,
    spare,
    waiting,
    days,
  }: {
    prizes: Prizes;
    results: Results;
    settlements: Settlements;
    /** where the campaign is on several shards */
    replenish: Replenish | undefined;
    spare: Spare;
    waiting: Pick<Waiting, "now">;
    days: Pick<Days, "log">;
  },
  random: Random,
  warn: (details: object, sentence: string) => void,
): Engine {
  const { clock, held } = scope;
  const decisions = createDecisions(scope, prizes, replenish, days);

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
        return { ...decision, draw_date: draw.draw_date };
      case "starved":
        return feed(draw, decision.asks, rounds);
      case "renumbered":
        return follow({ ...draw, draw_no: decision.draw_no }, rounds);
      case "closed":
        throw closedFailure(held.campaign, decision.why);
      case "recorded":
        return withMore(decision, await recall(draw.user_id, decision));
      case "won": {
        const { win } = decision;
        const fate = await results.record(win);
        const outcome = conclude(fate, win, draw, rounds);
        const { draws_left, receipt } = decision;
        if (draws_left === undefined && receipt === undefined) return outcome;
        return fate === "recorded"
          ? withMore(decision, await outcome)
          : withMore({ draws_left }, await outcome);
      }
    }
  }

  /** Decides a draw once its shard has got numbers, by the same roll. */
  async function feed(
    draw: Draw,
    asks: Ask[],
    rounds: number,
  ): Promise<Outcome> {
    const since = draw.starved_since ?? waiting.now();
    if (waiting.now() - since > STARVED_MS) {
      throw unavailable(new Error("no numbers came in time"));
    }
    await replenish?.get(asks, draw.draw_date);
    return follow({ ...draw, starved_since: since }, rounds);
  }

  function conclude(
    fate: RowFate,
    win: Win,
    draw: Draw,
    rounds: number,
  ): Outcome | Promise<Outcome> {
    if (fate !== "recorded") return decideAgain(fate, win, draw, rounds);
    const { id, user_id, prize_id } = win;
    const settlement = settlementOf(win);
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
    const { user_id, draw_date, draw_no, entry, attempt } = win;
    const settlement = settlementOf(win);
    switch (fate) {
      case "participated":
        // Redis had forgotten this user's draw. The existing row counts; the unit just taken is for another.
        report(win, "participated");
        await spare(win);
        prizes
          .reload(draw_date, { clash: { win, participated: true } })
          .catch(() => {}); // tried again by the next draw or look
        return recall(user_id, win, settlement);
      case "refused": {
        report(win, "refused");
        await spare(win);
        if (rounds <= 1) throw unavailable(new Error("refused again"));
        const clash = { win, participated: false };
        await prizes.reload(draw_date, { clash });
        const { roll } = win;
        const id = random.id(attempt);
        const refused = placeOf(entry.id, draw_no);
        const again = { ...draw, draw_date, attempt, roll, id, refused };
        const known = win.win_no === undefined ? {} : await knownWins(user_id);
        const end = await follow({ ...again, ...known }, rounds - 1);
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

  async function knownWins(userId: string): Promise<{ known_wins: number }> {
    const [count] = await countWins(scope, [userId]);
    return { known_wins: count?.wins ?? 0 };
  }

  function report({ prize_id, draw_date, unit }: Win, fate: RowFate): void {
    warn({ prize_id, draw_date, unit, fate }, "a win has no row");
  }

  /**
   * A win whose row is already in Postgres; `instead` settles the refused attempt of the same user, if there was one.
   */
  async function recall(
    userId: string,
    { draw_date, draw_no }: { draw_date: string; draw_no: number },
    instead?: Omit<Settlement, "telling">,
  ): Promise<Outcome> {
    const result = await results.find(userId, draw_date, draw_no);
    const attempt = result ? attemptOf(result.id) : "";
    const of = { user_id: userId, draw_date, draw_no };
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

const settlementOf = ({
  entry,
  user_id,
  draw_date,
  draw_no,
  attempt,
}: Win) => ({
  entry,
  user_id,
  draw_date,
  draw_no,
  attempt,
});

const withMore = (
  {
    draws_left,
    receipt,
  }: { draws_left?: number | undefined; receipt?: Receipt | undefined },
  outcome: Outcome,
): Outcome => ({
  ...outcome,
  ...(draws_left !== undefined && { draws_left }),
  ...(receipt && { receipt }),
});

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
