import { outboxPages, type Page, readPage } from "../outbox/pages.js";
import type { Settlements } from "../outbox/settle.js";
import { sortWins } from "../outbox/unsettled.js";
import { parseWins, type Win } from "../outbox/win.js";
import type { Scope } from "../prizes/campaign.js";
import type { Results } from "../results/results.js";
import type { Spare } from "../shards/spare.js";
import { redisTime } from "../stores/redis.js";
import type { Engine } from "./engine.js";

/** After this time a win's own server must have failed: no request lives longer. */
const ABANDONED_AFTER_MS = 3_000;

/** How long a sweep goes on to the next page: a backlog must not hold up the scheduler. */
const BUDGET_MS = 2_000;

/** How far servers' clocks may differ. */
const CLOCK_SKEW_MS = 1_000;

/**
 * Finishes wins that their own server left unfinished: writes their rows, so that their winners are told on the next
 * draw. All servers may sweep at once, since everything it does may be done twice. A win that fails does not hold up
 * the later ones. Returns the number of wins finished; rejects with the first failure, after trying the rest.
 */
export type Sweep = (olderThan?: number) => Promise<number>;

type Found = { finished: number; failure: unknown };

/**
 * An entry's id is the time by Redis's clock when it was written, but never less than the one before it: after that
 * clock was set back, ids lie in the future until it catches up. Such entries count as old as the time this server has
 * seen them.
 */
export function createSweep(
  parts: Pick<Scope, "redis" | "keys" | "clock"> & {
    engine: Engine;
    settlements: Settlements;
    results: Results;
    spare: Spare;
    warn: (details: object, sentence: string) => void;
  },
  local: () => number = () => performance.now(),
): Sweep {
  const { redis, keys, clock } = parts;
  const { engine, settlements, results, spare, warn } = parts;
  let ahead = new Map<string, number>(); // ids of the future → when they were first seen here

  async function sweep(olderThan = ABANDONED_AFTER_MS): Promise<number> {
    const now = Math.min(await redisTime(redis, keys.outbox), clock.now());
    const end = performance.now() + BUDGET_MS;
    const until = Math.floor(now - olderThan);
    const found: Found = { finished: 0, failure: undefined };
    for await (const page of outboxPages(redis, keys, String(until))) {
      await finishAll(page, found);
      if (performance.now() >= end) break;
    }
    await finishAll(await ofFuture(now, olderThan), found);
    if (found.failure) throw found.failure;
    return found.finished;
  }

  /** Of the entries whose ids lie in the future, a page of those that have been seen for long enough. */
  async function ofFuture(now: number, olderThan: number): Promise<Page> {
    const later = Math.floor(now + Math.max(CLOCK_SKEW_MS, -olderThan));
    const page = await readPage(redis, keys, String(later), "+");
    const seen = new Map(
      page.map(([id]) => [id, ahead.get(id) ?? local()] as const),
    );
    ahead = seen;
    return page.filter(([id]) => local() - (seen.get(id) ?? 0) >= olderThan);
  }

  async function finishAll(
    page: Page,
    found: { finished: number; failure: unknown },
  ): Promise<void> {
    const wins = page.flatMap(([id, [, text]]) => parseWins(id, text ?? ""));
    // An entry stays while one of its wins is open. A win of it that Postgres refused must not be written later, when
    // its quota was raised.
    const { unsettled, forgotten } = await sortWins(redis, keys, wins);
    const open = new Set(unsettled);
    const ends = await Promise.allSettled(
      wins.map((win) => {
        if (open.has(win)) return finish(win);
        return forgotten.includes(win) ? drop(win) : pass(win);
      }),
    );
    for (const end of ends) {
      if (end.status === "fulfilled") found.finished += 1;
      else found.failure ??= end.reason;
    }
  }

  /** Settles a win that needs nothing more; its entry goes with the last of its wins. */
  const pass = ({ entry, user_id, draw_date, draw_no, attempt }: Win) => {
    const win = { entry, user_id, draw_date, draw_no, attempt };
    return settlements.add({ ...win, telling: "void" });
  };

  /** Redis forgot this draw before anybody was told, and its user has drawn again: what came of that counts. */
  async function drop(win: Win): Promise<void> {
    const { id, user_id, prize_id, draw_date, draw_no, unit } = win;
    const row = await results.find(user_id, draw_date, draw_no);
    if (row?.id !== id) {
      await spare(win);
      const fate = row ? "participated" : "forgotten";
      warn({ prize_id, draw_date, unit, fate }, "a win has no row");
    }
    await pass(win);
  }

  async function finish(win: Win): Promise<void> {
    const end = await engine.resume(win);
    if (end.outcome === "won") {
      await settlements.add({ ...end.settlement, telling: "untold" });
    }
  }

  return sweep;
}
