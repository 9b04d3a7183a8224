import t, { type Test } from "tap";
import { connectRedis } from "../../support/connect-redis.js";
import { audited, underLoad } from "../../support/fail-over.js";
import { told } from "../../support/post.js";
import { startSentinels } from "../../support/redis-sentinel.js";
import { runCommand } from "../../support/run-command.js";
import { setPrizes } from "../../support/set-prizes.js";
import { bound } from "../../support/slowdown.js";
import { startServer } from "../../support/start-server.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

// A Redis and its replica behind three sentinels, and what happens to them while people draw.

t.jobs = 1;

async function setUp(t: Test) {
  const watched = await startSentinels(t);
  const redis = connectRedis(watched.url);
  t.teardown(() => redis.disconnect());
  const shared = await createWorld(t);
  return { watched, world: { ...shared, redisUrl: watched.url, redis } };
}

t.test("failovers under load: planned, and by kill -9", async (t) => {
  const { watched, world } = await setUp(t);
  const running = await underLoad(t, world);
  await watched.failOver();
  await running.answered(100);
  const kept = running.load.journal.length;
  t.comment(`${kept} answers until then`);
  await until("a replica that follows", async () => {
    const [, replica] = await watched.roles();
    const info = await replica.redis.info("replication");
    if (!info.includes("master_link_status:up")) throw new Error(info);
  });
  const [master] = await watched.roles();
  await master.kill();
  const began = performance.now();
  await running.answered(100);
  t.comment(`back after ${Math.round(performance.now() - began)} ms`);
  t.comment(JSON.stringify(await audited(t, world, running)));
});

t.test("a master that falls silent, and sentinels that are gone", async (t) => {
  const { watched, world } = await setUp(t);
  const running = await underLoad(t, world);
  const [master] = await watched.roles();
  master.pause();
  t.teardown(() => master.resume());
  await running.answered(100);
  master.resume();
  await until("a replica of the other", async () => {
    const info = await master.redis.info("replication");
    if (!/role:slave|master_link_status:up/.test(info)) throw new Error(info);
  });
  const [{ redis }] = await watched.roles();
  for (const { kill } of watched.sentinels) await kill();
  await running.answered(100);
  await audited(t, { ...world, redis }, running);
});

t.test("both Redis away, and back", async (t) => {
  const { watched, world } = await setUp(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  t.equal(told((await server.draw("ann")).body), "won");
  const both = await watched.roles();
  for (const { kill } of both) await kill();
  const began = performance.now();
  t.equal((await server.draw("bob")).status, 503);
  t.ok(performance.now() - began < bound(2_000));
  for (const { start } of both) await start();
  const bob = await until("a draw", async () => {
    const { status, body } = await server.draw("bob");
    if (status !== 200) throw new Error(String(status));
    return body;
  });
  t.equal(told(bob), "won");
  t.equal(told((await server.draw("ann")).body), "participated");
});

t.test("doctor, through sentinels", async (t) => {
  const { watched, world } = await setUp(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const examine = (REDIS_URL: string) =>
    runCommand("doctor", { DATABASE_URL: world.databaseUrl, REDIS_URL });
  const good = await examine(watched.url);
  t.same([good.code, good.err], [0, ""], good.out);
  const unknown = await examine(watched.url.replace("our-master", "theirs"));
  t.equal(unknown.code, 1);
  t.match(unknown.out, /fail {2}The sentinels of REDIS_URL know no master/);
});
