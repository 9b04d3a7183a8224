import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { keys } from "../../src/stores/keys.js";
import { createProxy } from "../support/link.js";
import { audit, CLEAN } from "../support/load.js";
import { createOwner } from "../support/owner.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { slowdown } from "../support/slowdown.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";
import { crowd, flood, memory, probe, quantile } from "./measure.js";

// The rule: requests that can be answered within about a second are answered; only those that would wait longer are
// refused, at once. Half a minute of it with OVERLOAD_SECONDS=30. The machine's two cores do the callers' work as well,
// and its neighbours', so a crowd is measured by what this machine does just then. Times are printed.

const SECONDS = Number(process.env.OVERLOAD_SECONDS ?? 6);

/** More than these it does not serve any faster. */
const BUSY = 100;

/** MiB that a server may take, with ten thousand connections: 400 MB. */
const MEMORY = 381;

t.setTimeout(300_000);
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

const BARE = fileURLToPath(new URL("bare.ts", import.meta.url));

/** Milliseconds in which a bare Node server on two usual cores has refused ten thousand at the same moment. */
const USUAL_MS = 1_000;

/** How many times as long this machine takes for the same, with one that is left alone: its own speed, not that of ours. */
async function pace(t: Test): Promise<number> {
  const owner = createOwner();
  const { url } = await startProcess(owner, NO_STORES, {}, BARE);
  await crowd(url, 1_000); // warm
  const { refused } = await crowd(url, 100 * BUSY);
  await owner.end();
  const last = refused.reduce((most, took) => Math.max(most, took), 0);
  t.comment(
    `a bare server has refused ${refused.length} in ${last.toFixed()} ms`,
  );
  return Math.max(1, last / USUAL_MS);
}

const NO_STORES = { databaseUrl: "", redisUrl: "" };

/** Milliseconds, for a comment. */
const ms = (latencies: number[]) =>
  [0.5, 0.99].map((it) => quantile(latencies, it).toFixed(1)).join(" / ");

t.test("a crowd that fits into a second is served, all of it", async (t) => {
  const { world, server } = await setUp(t, 0);
  const { url } = server;
  for (const callers of [200, 800, 3_200]) {
    const { accepted: perSecond } = await flood(url, BUSY, 2);
    // New connections cost as much again, and the crowd's own process takes from the same cores.
    const fits = Math.min(callers, Math.floor(perSecond / 4));
    const met = await crowd(url, fits);
    t.comment(
      `${fits} at once: median / p99 ${ms(met.accepted)} ms, last ${Math.max(...met.accepted).toFixed()} ms`,
    );
    t.equal(met.accepted.length, fits, "no refusal");
    await pause(500);
  }
  t.same(await audit(world, []), CLEAN);
});

async function overload(t: Test, away: number) {
  const { world, server } = await setUp(t, away);
  const { url, child } = server;
  // How slow the machine is: its own pace, and how much other processes slowed it down, as seen between the parts.
  let slow = Math.max(slowdown(), await pace(t));
  const look = () => {
    slow = Math.max(slow, slowdown());
  };
  const calm = await probe(url, 2);
  const { accepted: capacity } = await flood(url, BUSY, 3);
  look();
  const fit = Math.ceil((10 * BUSY) / slow);
  const steady = await flood(url, fit, 3);
  // Callers who get too little of the machine to send their requests are no crowd.
  const crowded = Math.ceil((100 * BUSY) / slow);
  const before = await memory(child.pid);
  let most = before;
  const watch = setInterval(async () => {
    most = Math.max(most, await memory(child.pid).catch(() => 0));
  }, 250);
  look();
  const [many, among] = await Promise.all([
    flood(url, crowded, SECONDS),
    // Not while the flood's process starts and all connect at once.
    pause(2_500).then(() => probe(url, SECONDS - 2)),
  ]);
  look();
  const rush = await crowd(url, crowded);
  look();
  clearInterval(watch);
  await pause(3_000);
  const after = await probe(url, 2);
  look();

  for (const line of [
    `${BUSY} callers: ${capacity.toFixed()} draws/s, ${fit}: ${steady.accepted.toFixed()}`,
    `${crowded} callers for ${SECONDS} s: ${many.accepted.toFixed()} draws/s accepted, ${many.refused.toFixed()}/s refused`,
    `ms, median / p99: unloaded ${ms(calm.accepted)}, accepted ${ms(among.accepted)}, refused ${ms(among.refused)}, afterwards ${ms(after.accepted)}`,
    `${crowded} at once: ${rush.accepted.length} accepted in ${ms(rush.accepted)} ms, ${rush.refused.length} refused in ${ms(rush.refused)} ms`,
    `neither: ${many.neither} of the flood, ${among.other} among it, of the crowd: ${rush.other.join(", ") || "none"}`,
    `memory: ${before.toFixed()} MiB before, ${most.toFixed()} at most`,
    `the machine: ${slow.toFixed(1)} times as slow as a usual one left alone`,
  ]) {
    t.comment(line);
  }
  t.equal(many.neither + among.other, 0, "a 200 or a 503");
  t.same(rush.other, [], "a 200 or a 503 at the same moment, too");
  t.equal(
    steady.refused,
    0,
    "those who fit are served, though they never rest",
  );
  t.ok(many.accepted > 0 && rush.accepted.length > 0, "some are accepted");
  t.ok(most < MEMORY, "memory is bounded");
  t.equal(after.refused.length + after.other, 0, "normal again");
  // Nobody is answered after the server's own deadline, apart from this process's own delay.
  const longest = 2_000 * slow + 4 * among.late;
  t.ok(quantile(among.accepted, 0.99) < longest, "accepted within two seconds");
  t.ok(
    quantile(after.accepted, 0.5) <
      slow * (3 * quantile(calm.accepted, 0.5) + 5),
    "as quick as before",
  );
  const told = new Set(rush.retryAfter);
  if (rush.retryAfter.length > 100) {
    t.same([...told].sort(), [1, 2, 3, 4], "they don't come back as one");
  }
  await until("an empty outbox", async () => {
    if ((await world.redis.xlen(keys.outbox)) > 0) throw new Error("not yet");
  });
  t.same(await audit(world, []), CLEAN);
}

t.test("stores near by", (t) => overload(t, 0));

// Too long for `npm test`: part of `npm run torture`.
if (SECONDS >= 30) t.test("stores far away", (t) => overload(t, 30));
