import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import { keys } from "../src/keys.js";
import { setPrizes } from "./build.js";
import { audit, CLEAN } from "./load.js";
import { flood, memory, probe, quantile } from "./overload/measure.js";
import { listing, startProcess } from "./process.js";
import { createProxy } from "./proxy.js";
import { until } from "./until.js";
import { createWorld } from "./world.js";

// Ten times as many callers as keep one server busy, each asking again at once whatever it is told. Half a minute of it
// with OVERLOAD_SECONDS=30. The machine's two cores do the callers' work as well, so the bounds here are wide; what was
// measured is printed.

const SECONDS = Number(process.env.OVERLOAD_SECONDS ?? 6);

/** More than these it does not serve any faster. */
const BUSY = 100;

t.setTimeout(240_000);
t.jobs = 1;

/** The sample prizes: four draws of five win. */
const PRIZES = [
  { id: "FIVE", probability: 0.005, daily_quota: 100, total_quota: 500 },
  { id: "TWO", probability: 0.02, daily_quota: 500, total_quota: 5_000 },
  { id: "MANY", probability: 0.8 },
];

/** A server whose stores are so many milliseconds away, each way. */
async function setUp(t: Test, away: number) {
  const world = await createWorld(t);
  const redis = await createProxy(t, world.redisUrl);
  const postgres = await createProxy(t, world.databaseUrl);
  const links = { REDIS_URL: redis.url, DATABASE_URL: postgres.url };
  const server = await startProcess(t, world, away > 0 ? links : {});
  await setPrizes(world, PRIZES);
  await listing([server], "MANY");
  redis.delay(away);
  postgres.delay(away);
  await flood(server.url, 32, 2); // warm
  return { world, server };
}

async function overload(t: Test, away: number) {
  const { world, server } = await setUp(t, away);
  const { url, child } = server;
  const calm = await probe(url, 2);
  const { accepted: capacity } = await flood(url, BUSY, 3);
  const before = await memory(child.pid);
  let most = before;
  const watch = setInterval(async () => {
    most = Math.max(most, await memory(child.pid).catch(() => 0));
  }, 250);
  const [crowd, among] = await Promise.all([
    flood(url, 10 * BUSY, SECONDS),
    // Not while the flood's process starts and all connect at once.
    pause(2_500).then(() => probe(url, SECONDS - 2)),
  ]);
  clearInterval(watch);
  await pause(2_000);
  const after = await probe(url, 2);

  const ms = (latencies: number[]) =>
    [0.5, 0.99].map((it) => quantile(latencies, it).toFixed(1)).join(" / ");
  for (const line of [
    `${BUSY} callers: ${capacity.toFixed()} draws/s`,
    `${10 * BUSY} callers for ${SECONDS} s: ${crowd.accepted.toFixed()} draws/s accepted, ${crowd.refused.toFixed()}/s refused`,
    `ms, median / p99: unloaded ${ms(calm.accepted)}, accepted ${ms(among.accepted)}, refused ${ms(among.refused)}, afterwards ${ms(after.accepted)}`,
    `memory: ${before.toFixed()} MiB before, ${most.toFixed()} at most`,
  ]) {
    t.comment(line);
  }
  t.equal(crowd.neither + among.other, 0, "every answer is a 200 or a 503");
  t.ok(among.accepted.length > 0, "some are accepted");
  t.ok(most - before < 150, "memory is bounded");
  t.equal(after.refused.length + after.other, 0, "normal again");
  await until("an empty outbox", async () => {
    if ((await world.redis.xlen(keys.outbox)) > 0) throw new Error("not yet");
  });
  t.same(await audit(world, []), CLEAN);
  t.ok(among.refused.length > 0, "and some refused");
  const slowest = 5 * quantile(calm.accepted, 0.99);
  t.ok(quantile(among.accepted, 0.5) < slowest, "what is accepted is quick");
  t.ok(quantile(among.accepted, 0.99) < 1_500, "all of it");
  t.ok(quantile(among.refused, 0.99) < 1_500, "and so are refusals");
  t.ok(
    quantile(after.accepted, 0.5) < 2 * quantile(calm.accepted, 0.5) + 5,
    "as quick as before",
  );
}

t.test("stores near by", (t) => overload(t, 0));

// Too long for `npm test`: part of `npm run torture`.
if (SECONDS >= 30) t.test("stores far away", (t) => overload(t, 30));
