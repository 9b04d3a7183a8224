import { createBatcher } from "../batch.js";
import type { Win } from "../outbox/win.js";
import type { Postgres } from "../stores/postgres.js";
import { type RowFate, recordAll } from "./record.js";

/** A result as callers see it: `created_at` is RFC 3339 in UTC. */
export type Result = {
  id: string;
  user_id: string;
  prize_id: string;
  created_at: string;
};

export type Results = {
  /** Commits a win's row, batched with others that arrive meanwhile. Idempotent. Rejects with UNAVAILABLE. */
  record(win: Win): Promise<RowFate>;
  /** The result of a user's draw of a day, by its number. Rejects with UNAVAILABLE. */
  find(
    userId: string,
    date: string,
    drawNo: number,
  ): Promise<Result | undefined>;
  /** How many wins wait for their rows, and whether Postgres has gone silent. */
  waiting(): { wins: number; stalled: boolean };
  idle(): Promise<void>;
};

/** An INSERT takes a few milliseconds; after this time Postgres counts as silent. */
const STALLED_MS = 200;

/** Rows per INSERT. */
const LARGEST_INSERT = 500;

/**
 * On a slow disk a win need not wait for the commit of those before it. With 20 ms more a commit, 512 callers got 0.64 of
 * the draws/s with one INSERT at a time.
 */
const SLOW_INSERTS = { runs: 3, patience: 10 };

/** `isSharded`: the campaign is on several shards. */
export function createResults(
  postgres: Postgres,
  campaign: string,
  isSharded: boolean,
): Results {
  const inserts = createBatcher<Win, RowFate>(
    (wins) => recordAll(postgres, campaign, wins, isSharded),
    LARGEST_INSERT,
    SLOW_INSERTS,
  );

  return {
    record: inserts.add,
    find: (userId, date, drawNo) =>
      findResult(postgres, { campaign, userId, date, drawNo }),
    waiting: () => {
      const { items, running } = inserts.underWay();
      return { wins: items, stalled: running > STALLED_MS };
    },
    idle: inserts.idle,
  };
}

async function findResult(
  postgres: Postgres,
  of: { campaign: string; userId: string; date: string; drawNo: number },
): Promise<Result | undefined> {
  const { campaign, userId, date, drawNo } = of;
  const [row] = await postgres.query(
    (sql) => sql<(Omit<Result, "created_at"> & { created_at: Date })[]>`
      select id, user_id, prize_id, created_at
      from result
      where user_id = ${userId} and draw_date = ${date}::text::date and campaign_id = ${campaign} and draw_no = ${drawNo}`,
  );
  return row && { ...row, created_at: row.created_at.toISOString() };
}
