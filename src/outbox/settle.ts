import { createBatcher } from "../batch.js";
import type { Clock } from "../clock.js";
import { keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import type { Entry } from "./win.js";

/** A win that has come to its end. */
export type Settlement = {
  /** the outbox entry that it came from, or undefined where that was not known any more */
  entry: Entry | undefined;
  user_id: string;
  /** the day of the draw */
  draw_date: string;
  /** the try that won, or empty where it is not known */
  attempt: string;
  /** the try whose row stands, where Postgres had one of another */
  stands?: string;
  /**
   * told: its row is committed and its winner has the answer; untold: nobody was told yet; void: Postgres refused it,
   * and what became of its draw instead is settled by itself.
   */
  telling: "told" | "untold" | "void";
};

export type Settlements = {
  /** Settles a win, together with all that arrive meanwhile. Never rejects: what fails is kept for `retry`. */
  add(settlement: Settlement): Promise<void>;
  /** Tries again what failed while Redis was away. */
  retry(): Promise<void>;
  idle(): Promise<void>;
};

/** Settlements at a time. */
const LARGEST_BATCH = 1_000;

/** What is kept for `retry`. Past that a win may be told twice, which the sweeper's own settling bounds. */
const MOST_KEPT = 50_000;

/** An entry older than this many milliseconds may have been looked at by a sweeper (`sweep.ts`). */
const YOUNG_MS = 2_000;

export function createSettlements(redis: Redis, clock: Clock): Settlements {
  let failed: Settlement[] = [];
  const batches = createBatcher(settleAll, LARGEST_BATCH);

  /**
   * An entry whose winners all were told is struck off, and that says it all: one XDEL for a batch of wins. What differs
   * is noted win by win.
   */
  async function settleAll(batch: Settlement[]): Promise<undefined[]> {
    for (const { entry, user_id } of batch) entry?.left.delete(user_id);
    const whole = new Set<string>();
    const together: Settlement[] = [];
    const single: Settlement[] = [];
    for (const settlement of batch) {
      const { entry, telling } = settlement;
      if (entry?.left.size === 0) whole.add(entry.id);
      if (telling === "void") continue;
      const alike =
        telling === "told" && entry?.left.size === 0 && isOwn(entry);
      (alike ? together : single).push(settlement);
    }
    // One after the other: a script that Redis has forgotten is sent once more, and would come after the XDEL. Meanwhile
    // the winner who is still to be told would find neither entry nor mark.
    await note(single);
    const struck = await strike(whole);
    // Redis lost an entry, or a sweeper came first: then what was told has to be noted.
    if (struck < whole.size) await note(together);
    return batch.map(() => undefined);
  }

  /** Whether nobody but the server that draws settles it: no sweeper yet, and no mark of a day that is over. */
  function isOwn({ id, draw_date }: Entry): boolean {
    const age = clock.now() - Number.parseInt(id, 10);
    // An id of the future: Redis's clock was set back, and the sweeper does not go by it.
    return Math.abs(age) < YOUNG_MS && draw_date === clock.today().date;
  }

  async function strike(entries: Set<string>): Promise<number> {
    return entries.size > 0 ? redis.xdel(keys.outbox, ...entries) : 0;
  }

  async function note(batch: Settlement[]): Promise<void> {
    if (batch.length === 0) return;
    const names: string[] = [keys.pending];
    const values: (string | number)[] = [];
    for (const settlement of batch) {
      const { entry, user_id, draw_date, attempt, telling } = settlement;
      const { stands = attempt } = settlement;
      const { expiresAt } = clock.day(draw_date);
      names.push(keys.players(draw_date, user_id));
      values.push(entry?.id ?? "", user_id, draw_date);
      values.push(telling === "told" ? 1 : 0, attempt, stands, expiresAt);
    }
    await redis.settle(names.length, ...names, ...values);
  }

  const add = (settlement: Settlement) =>
    batches.add(settlement).catch(() => {
      if (failed.length < MOST_KEPT) failed.push(settlement);
    });

  async function retry(): Promise<void> {
    const again = failed;
    failed = [];
    await Promise.all(again.map(add));
  }

  return { add, retry, idle: batches.idle };
}
