import { readFile } from "node:fs/promises";
import type { Test } from "tap";
import { keys } from "../../src/stores/keys.js";
import { holdResults } from "../support/hold-results.js";
import { startStores } from "../support/stores.js";
import { until } from "../support/until.js";
import { ownWorld } from "../support/world.js";
import * as callers from "./callers.js";
import { createLink } from "./link.js";
import type { Model } from "./model.js";
import { type ModelServer, spawnServer } from "./server.js";

export type Real = Awaited<ReturnType<typeof createReal>>;

/** Server processes, and how many milliseconds each one's own clock is wrong by. */
export const AHEAD = [0, 600_000];

const DRAW = new URL("../../lua/draw.lua", import.meta.url);

/** Stores of the test's own, and servers on them whose time, chance and links the test controls. */
export async function createReal(t: Test) {
  const stores = await startStores();
  t.teardown(() => stores.close());
  const { sql, redis } = ownWorld(t, stores);
  const links = await Promise.all(
    AHEAD.map(async () => ({
      redis: await createLink(t, stores.redis.url),
      postgres: await createLink(t, stores.postgres.url),
    })),
  );
  const servers: { url: string; process: ModelServer }[] = [];
  let spare = spawnServer(t);

  /** The running servers. */
  const up = () => Object.values(servers);

  /** The process of a server that runs, in place of one that may not. */
  const at = (n: number) => servers[n] ?? (up()[0] as (typeof servers)[0]);

  async function start(n: number, now: number): Promise<void> {
    const process = spare;
    const link = links[n] as (typeof links)[0];
    const opening = {
      databaseUrl: link.postgres.url,
      redisUrl: link.redis.url,
      now,
      ahead: AHEAD[n] ?? 0,
    };
    servers[n] = { url: await process.ask("open", opening), process };
    // The next start shall not wait for Node and tsx.
    spare = spawnServer(t);
  }

  async function kill(n: number): Promise<void> {
    const { process } = servers[n] ?? {};
    delete servers[n];
    await process?.kill();
  }

  const all = (work: (server: (typeof servers)[0]) => Promise<unknown>) =>
    Promise.all(up().map(work));

  const setNow = ({ now }: Model) =>
    all(({ process }) => process.ask("now", now));

  const setRoll = (roll: number) =>
    all(({ process }) => process.ask("roll", roll));

  const draw = (n: number, user: string, key: string | null) =>
    callers.draw(at(n).url, user, key);

  /** Sends a draw; returns a function that hangs up, so that the server has noticed it. */
  function drawAndLeave(n: number, user: string, key: string | null) {
    const { url, process } = at(n);
    const hangUp = callers.drawAndLeave(url, user, key);
    return async () => {
      await hangUp();
      for (let n = 0; n < 3; n += 1) await process.ask("idle");
    };
  }

  /** Waits until a statement waits for `holdResults`. */
  const held = () =>
    soon("a statement that waits", async () => {
      const [row] = await sql`
        select count(*)::int as n from pg_locks
        where relation = 'result'::regclass and not granted`;
      if (row?.n === 0) throw new Error("none");
    });

  /** Waits until the test reaches both stores. */
  async function reached(): Promise<void> {
    await until("Redis", () => redis.ping());
    // The client has four connections to Postgres, and each may have to be made anew.
    const each = () => sql`select pg_sleep(0.01)`;
    await until("Postgres", () => Promise.all([1, 2, 3, 4].map(each)));
  }

  /** Waits until every server serves and has done what a second brings. */
  async function serving(): Promise<void> {
    await reached();
    await all(({ url, process }) =>
      soon("readiness", async () => {
        const answer = await fetch(`${url}/readyz`);
        if (answer.status !== 200) throw new Error(await answer.text());
        await process.ask("tick");
      }),
    );
  }

  /** Has one server sweep until no win is left whose row might be missing. */
  const sweepAll = (n: number) =>
    soon("an empty outbox", async () => {
      await at(n).process.ask("sweep");
      await all(({ process }) => process.ask("idle"));
      const left = await redis.xlen(keys.outbox);
      if (left > 0) throw new Error(`${left} wins in the outbox`);
    });

  /** Waits until the delivery of all that a user was told is noted. */
  const delivered = (user: string) =>
    soon(`the note of ${user}'s delivery`, async () => {
      await all(({ process }) => process.ask("idle"));
      const mark = await redis.hget(keys.pending, user);
      if (mark) throw new Error(mark);
    });

  /**
   * Redis has all winners of the day: after a loss they come back within seconds, and until then nothing is decided
   * without Postgres.
   */
  async function whole(model: Model): Promise<void> {
    const restoring = async () =>
      (await all(({ process }) => process.ask("restoring"))).flat();
    await all(({ process }) => process.ask("tick"));
    if ((await restoring()).length === 0) return;
    await soon("all winners", async () => {
      // And a server that was ended may hold the work for five more. Where wins are limited, each new day has some.
      model.now += 8_000;
      await setNow(model);
      await all(({ process }) => process.ask("tick"));
      const days = await restoring();
      if (days.length > 0) throw new Error(days.join(" "));
    });
  }

  /** Redis has the draw script, so that the first request that names a user is the one that decides. */
  const loadScript = async () => redis.script("LOAD", await readFile(DRAW));

  return {
    ...{ stores, sql, redis, links, servers, up, at, start, kill, all },
    holdResults: () => holdResults({ sql }),
    ...{ setNow, setRoll, draw, drawAndLeave, held },
    ...{ reached, serving, sweepAll, delivered, loadScript, whole },
  };
}

/** As `until`, and quick where little is missing. */
export async function soon<T>(
  what: string,
  work: () => PromiseLike<T>,
): Promise<T> {
  for (let n = 0; n < 10; n += 1) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }
  return until(what, work);
}
