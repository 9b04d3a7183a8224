import { type Batcher, createBatcher } from "./batch.js";
import type { Clock } from "./clock.js";
import { unavailable } from "./errors.js";
import { type Decision, type Draw, evaluate } from "./evaluate.js";
import { keys } from "./keys.js";
import { markEarlier } from "./mark-earlier.js";
import type { Prizes } from "./prizes.js";
import type { Redis } from "./redis.js";

/** Draws per EVALSHA: past this a batch costs no less per draw and keeps Redis longer from others. */
const LARGEST = 256;

/** Decides draws by lua/draw.lua, all that wait in one EVALSHA. Rejects with UNAVAILABLE. */
export function createDecisions(
  redis: Redis,
  prizes: Pick<Prizes, "isFresh" | "reload">,
  clock: Clock,
): Batcher<Draw, Decision> {
  let begun = ""; // the latest day of which this server has decided
  return createBatcher(decide, LARGEST);

  async function decide(draws: Draw[]): Promise<Decision[]> {
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
    if (date > begun) await markEarlier(redis, date);
    begun = date > begun ? date : begun;
    const day = clock.day(date);
    const decisions = await evaluate(redis, keys, day, clock.now(), draws);
    if (decisions !== "not_loaded") return decisions;
    await prizes.reload(date);
    const again = await evaluate(redis, keys, day, clock.now(), draws);
    if (again !== "not_loaded") return again;
    throw unavailable(new Error("no prize table in force"));
  }
}
