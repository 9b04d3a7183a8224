import { createBatcher } from "./batch.js";
import type { Clock } from "./clock.js";
import { keys } from "./keys.js";
import type { Redis } from "./redis.js";

/** A win whose row is committed in Postgres, and whether the winner was told. */
export type Settlement = {
  /** its outbox entry, or empty where there is none any more */
  entry: string;
  user_id: string;
  /** the day of the draw */
  draw_date: string;
  /** the try that won, or empty where it is not known */
  attempt: string;
  delivered: boolean;
};

export type Settle = {
  /** Strikes a win off, together with all that arrive meanwhile. Never rejects: what fails is kept for `retry`. */
  settle(settlement: Settlement): Promise<void>;
  /** Tries again what failed while Redis was away. */
  retry(): Promise<void>;
  idle(): Promise<void>;
};

/** What is kept for `retry`. Past that a win may be told twice, which the sweeper's own settling bounds. */
const KEPT = 50_000;

export function createSettle(redis: Redis, clock: Clock): Settle {
  let failed: Settlement[] = [];
  const settlements = createBatcher<Settlement, void>(async (batch) => {
    const names: string[] = [keys.outbox, keys.pending];
    const values: (string | number)[] = [];
    for (const win of batch) {
      const { entry, user_id, draw_date, attempt, delivered } = win;
      const { expiresAt } = clock.day(draw_date);
      names.push(keys.players(draw_date, user_id));
      values.push(entry, user_id, draw_date, delivered ? 1 : 0);
      values.push(attempt, expiresAt);
    }
    await redis.settle(names.length, ...names, ...values);
    return batch.map(() => undefined);
  }, 500);

  const settle = (settlement: Settlement) =>
    settlements.add(settlement).catch(() => {
      if (failed.length < KEPT) failed.push(settlement);
    });

  async function retry(): Promise<void> {
    const again = failed;
    failed = [];
    await Promise.all(again.map(settle));
  }

  return { settle, retry, idle: settlements.idle };
}
