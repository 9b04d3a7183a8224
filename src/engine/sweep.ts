import type { Clock } from "../clock.js";
import { outboxPages, type Page, readPage } from "../outbox/pages.js";
import type { Settlements } from "../outbox/settle.js";
import { findUnsettled } from "../outbox/unsettled.js";
import { parseWins, type Win } from "../outbox/win.js";
import { type Redis, redisTime } from "../stores/redis.js";
import type { Engine } from "./engine.js";

/** Milliseconds after which a win's own server must have failed it: longer than any request lives. */
const ABANDONED_AFTER_MS = 3_000;

/** How long a sweep goes on to the next page, in milliseconds: a backlog must not keep the scheduler. */
const BUDGET_MS = 2_000;

/** Milliseconds by which servers' clocks may differ. */
const CLOCK_SKEW_MS = 1_000;

/**
 * Brings wins that their server did not finish to their end: their rows are written, and their winners told on the
 * next try. Every server may sweep at once, since everything it does may be done twice. A win that fails does not keep
 * the later ones. Answers with the number of wins finished; rejects with the first failure, after trying the rest.
 */
export type Sweep = (olderThan?: number) => Promise<number>;

type Found = { finished: number; failure: unknown };

/**
 * An entry's id is the time by Redis's clock when it was written, but never less than the one before it: once that clock
 * was set back, ids lie in the future for as long. Those entries are as old as this server has been seeing them.
 */
export function createSweep(
  parts: {
    redis: Redis;
    engine: Engine;
    settlements: Settlements;
    clock: Clock;
  },
  local: () => number = () => performance.now(),
): Sweep {
  const { redis, engine, settlements, clock } = parts;
  let ahead = new Map<string, number>(); // ids of the future → when they were first seen here

  async function sweep(olderThan = ABANDONED_AFTER_MS): Promise<number> {
    const now = Math.min(await redisTime(redis), clock.now());
    const end = performance.now() + BUDGET_MS;
    const until = Math.floor(now - olderThan);
    const found: Found = { finished: 0, failure: undefined };
    for await (const page of outboxPages(redis, String(until))) {
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
    const page = await readPage(redis, String(later), "+");
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
    // Of the wins that share an entry, one that was refused must not be written after all when its quota is raised.
    const open = new Set(await findUnsettled(redis, wins));
    const ends = await Promise.allSettled(
      wins.map((win) => (open.has(win) ? finish(win) : pass(win))),
    );
    for (const end of ends) {
      if (end.status === "fulfilled") found.finished += 1;
      else found.failure ??= end.reason;
    }
  }

  /** Leaves a settled win as it is; its entry goes with the last one. */
  const pass = ({ entry, user_id, draw_date, attempt }: Win) =>
    settlements.add({ entry, user_id, draw_date, attempt, telling: "void" });

  async function finish(win: Win): Promise<void> {
    const end = await engine.resume(win);
    if (end.outcome === "won") {
      await settlements.add({ ...end.settlement, telling: "untold" });
    }
  }

  return sweep;
}
