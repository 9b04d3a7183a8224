import type { Test } from "tap";
import { keys } from "../../src/stores/keys.js";
import {
  announcements,
  askAgain,
  compare,
  FITTING,
  ONCE,
} from "./ask-again.js";
import { audit, CLEAN, startLoad } from "./load.js";
import { listing, startProcess } from "./server-process.js";
import { setPrizes } from "./set-prizes.js";
import { bound } from "./slowdown.js";
import { until } from "./until.js";
import type { World } from "./world.js";

const PRIZES = [
  { id: "SURE", probability: 0.4 },
  { id: "FEW", probability: 0.1, daily_quota: 50, total_quota: 100 },
];

/** Two servers under load. */
export async function underLoad(t: Test, world: World) {
  const servers = [await startProcess(t, world), await startProcess(t, world)];
  await setPrizes(world, PRIZES);
  await listing(servers, "FEW");
  const urls = servers.map(({ url }) => url);
  const load = startLoad(urls, 8);
  t.teardown(load.stop);
  const answered = (more: number) => {
    const from = load.journal.length;
    return until(`${more} answers`, async () => {
      const good = load.journal.slice(from).filter((it) => it.status === 200);
      if (good.length < more) throw new Error(`${good.length}`);
    });
  };
  await answered(100);
  return { load, urls, answered };
}

/** Nothing twice, nothing lost, and everybody had an answer within two seconds. */
export async function audited(
  t: Test,
  world: World,
  { load, urls }: Awaited<ReturnType<typeof underLoad>>,
) {
  const journal = await load.stop();
  const statuses = new Set(journal.map(({ status }) => status));
  statuses.delete(200);
  statuses.delete(503);
  t.same([...statuses], []);
  const slowest = Math.max(...journal.map(({ took }) => took));
  const refused = journal.filter(({ status }) => status === 503).length;
  t.comment(
    `${journal.length} requests, ${refused} refused, slowest ${Math.round(slowest)} ms`,
  );
  t.ok(slowest < bound(2_000), `an answer after ${Math.round(slowest)} ms`);
  const again = await askAgain(urls, journal);
  await until("an empty outbox", async () => {
    const left = await world.redis.xlen(keys.outbox);
    if (left > 0) throw new Error(`${left} left`);
  });
  const answers = [...journal, ...again];
  const { wrong, noted } = compare(journal, again);
  t.same(wrong, FITTING);
  t.same(await audit(world, answers), CLEAN);
  t.same(await announcements(world, answers), ONCE);
  return noted;
}
