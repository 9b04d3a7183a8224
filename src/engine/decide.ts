import { type Batcher, createBatcher } from "../batch.js";
import type { Day } from "../clock.js";
import { unavailable } from "../errors.js";
import { markEarlier } from "../outbox/mark-earlier.js";
import { parsePlace } from "../outbox/win.js";
import type { Scope } from "../prizes/campaign.js";
import {
  type Epoch,
  isRestoring,
  isToldAgain,
  nameOf,
} from "../prizes/epoch.js";
import type { Prizes } from "../prizes/reload.js";
import { recountUsers } from "../prizes/restoring/recount-wins.js";
import { restoreUsers } from "../prizes/restoring/restore-winners.js";
import type { Days } from "../proof/days.js";
import type { Log } from "../proof/parts.js";
import { freshName } from "../random.js";
import type { Replenish } from "../shards/replenish.js";
import type { Decision, Draw } from "./draw.js";
import { evaluate } from "./script.js";

/** Draws per EVALSHA: past this a batch costs no less per draw and keeps Redis longer from others. */
const LARGEST_BATCH = 256;

/** How often a batch is tried again after the day's data turned out to be incomplete. */
const MOST_TRIES = 3;

/** Decides draws by lua/draw.lua, all that wait in one EVALSHA. Rejects with UNAVAILABLE. */
export function createDecisions(
  scope: Scope,
  prizes: Pick<Prizes, "isFresh" | "reload" | "epoch">,
  replenish: Replenish | undefined,
  days: Pick<Days, "log">,
): Batcher<Draw, Decision> {
  const { redis, keys, clock, held } = scope;
  const server = freshName();
  const written = new Map<Epoch, number>(); // epoch of the day's data → batches this server wrote in it
  let begun = ""; // the latest day on which this server decided a draw
  return createBatcher(decide, LARGEST_BATCH);

  async function decide(draws: Draw[]): Promise<Decision[]> {
    if (clock.isDoubted()) throw unavailable(new Error("the clock is doubted"));
    if (!prizes.isFresh()) await prizes.reload();
    const [date = "", ...others] = new Set(draws.map((it) => it.draw_date));
    if (others.length === 0) return decideDay(date, draws);
    const decisions = new Map<Draw, Decision>();
    for (const date of new Set(draws.map((draw) => draw.draw_date))) {
      const ofDay = draws.filter((draw) => draw.draw_date === date);
      const ends = await decideDay(date, ofDay);
      ofDay.forEach((draw, i) => {
        decisions.set(draw, ends[i] as Decision);
      });
    }
    return draws.map((draw) => decisions.get(draw) as Decision);
  }

  async function decideDay(date: string, draws: Draw[]): Promise<Decision[]> {
    if (date > begun) {
      await markEarlier(redis, keys, clock, date);
      begun = date;
      written.clear();
    }
    const day = clock.day(date);
    for (let tries = MOST_TRIES; tries > 0; tries -= 1) {
      const epoch = prizes.epoch(date);
      const answer = epoch ? await tryDay(day, epoch, draws) : "not_whole";
      if (typeof answer !== "string") return answer;
      if (answer === "behind") {
        throw unavailable(new Error("too much of the log is not kept yet"));
      }
      await prizes.reload(date, answer === "lost" ? { lost: epoch } : {});
      if (!prizes.epoch(day.before)) await prizes.reload(day.before);
    }
    throw unavailable(new Error("the data in Redis are not whole"));
  }

  async function tryDay(day: Day, epoch: Epoch, draws: Draw[]) {
    if (!(await restoreOwn(day, epoch, draws))) return "not_whole";
    const name = nameOf(epoch);
    const mark = { epoch, server, batches: written.get(name) ?? 0 };
    const limited = held.campaign.wins_per_user !== null;
    const log = days.log(day.date);
    const at = { day, mark, now: clock.now(), limited, log };
    if (log) for (const draw of draws) setRoll(draw, log);
    const answer = await evaluate(redis, keys, at, draws);
    if (typeof answer === "string") return answer;
    written.set(name, answer.batches);
    if (answer.low.length > 0) replenish?.prefetch(answer.low, day.date);
    return answer.decisions;
  }

  /**
   * While winners are still being restored, restores the winners among these users first. Returns whether the data
   * still belong to this epoch.
   */
  async function restoreOwn(
    day: Day,
    epoch: Epoch,
    draws: Draw[],
  ): Promise<boolean> {
    const usersOf = (some: Draw[]) => some.map(({ user_id }) => user_id);
    if (isRestoring(epoch)) {
      const lost = { day, epoch };
      const users = usersOf(draws);
      if (!(await restoreUsers(scope, lost, users))) return false;
      const isLimited = held.campaign.wins_per_user !== null;
      if (isLimited && !(await recountUsers(scope, lost, users))) return false;
    }
    // The day before matters to draws with a key, and to users who must be told yesterday's win first.
    const earlier = prizes.epoch(day.before);
    if (earlier === undefined) return false;
    if (!isRestoring(earlier)) return true;
    const lost = { day: clock.day(day.before), epoch: earlier };
    const tell = isToldAgain(earlier, lost.day);
    const users = usersOf(tell ? draws : draws.filter((draw) => draw.keyed));
    return restoreUsers(scope, lost, users);
  }
}

/** Gives a draw the roll that its day has for it: a win of an earlier day that is decided again has that day's. */
function setRoll(draw: Draw, { rolls }: Log): void {
  const { user_id, refused, draw_no = 1 } = draw;
  draw.draw_no = refused ? parsePlace(refused).draw_no : draw_no;
  draw.p = rolls.nameOf(user_id);
  draw.roll = rolls.rollOf(draw.p, draw.draw_no);
}
