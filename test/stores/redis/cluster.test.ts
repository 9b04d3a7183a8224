import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import { keys } from "../../../src/stores/keys.js";
import { createRedis } from "../../../src/stores/redis.js";
import { connectRedis } from "../../support/connect-redis.js";
import { audited, underLoad } from "../../support/fail-over.js";
import { told } from "../../support/post.js";
import { startCluster } from "../../support/redis-cluster.js";
import { setPrizes } from "../../support/set-prizes.js";
import { bound } from "../../support/slowdown.js";
import { startServer } from "../../support/start-server.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

// A cluster of three masters, and what happens to its slots and nodes while people draw.

t.jobs = 1;

/** Of every key of the default campaign. */
const KEY = keys.prizes;

async function setUp(t: Test, replicas = 0) {
  const cluster = await startCluster(t, { replicas });
  const redis = connectRedis(cluster.url);
  t.teardown(() => redis.disconnect());
  const shared = await createWorld(t);
  return { cluster, world: { ...shared, redisUrl: cluster.url, redis } };
}

t.test("a slot that moves under load, and back", async (t) => {
  const { cluster, world } = await setUp(t);
  const running = await underLoad(t, world);
  const slot = await cluster.slotOf(KEY);
  const from = await cluster.ownerOf(KEY);
  const to = cluster.nodes.find((it) => it !== from) ?? from;
  await cluster.moveSlot(slot, to, () => pause(300));
  await running.answered(100);
  t.equal((await cluster.ownerOf(KEY)).id, to.id);
  await cluster.moveSlot(slot, from);
  await running.answered(100);
  const noted = await audited(t, world, running);
  t.equal(noted.losers_who_drew_again, 0, "no draw is lost");
});

t.test("in the middle of a move (ASK, TRYAGAIN)", async (t) => {
  const { cluster, world } = await setUp(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  t.equal(told((await server.draw("ann")).body), "won");
  const from = await cluster.ownerOf(KEY);
  const to = cluster.nodes.find((it) => it !== from) ?? from;
  const slot = await cluster.slotOf(KEY);
  const client = createRedis(cluster.url);
  t.teardown(() => client.disconnect());
  await client.connect();
  await client.mset("{lucky-draw}:a", 1, "{lucky-draw}:b", 2);
  await cluster.moveSlot(slot, to, async () => {
    const moved = (await to.redis.call(
      ...(["CLUSTER", "GETKEYSINSLOT", slot, 1] as const),
    )) as string[];
    t.equal(await client.exists(moved[0] ?? ""), 1, "a key that has moved");
    const began = performance.now();
    const { status } = await server.draw("bob");
    t.equal(status, 503, "its keys are at two nodes");
    t.ok(performance.now() - began < bound(2_000));
  });
  const bob = await until("a draw", async () => {
    const { status, body } = await server.draw("bob");
    if (status !== 200) throw new Error(String(status));
    return body;
  });
  t.equal(told(bob), "won");
  t.same(await client.mget("{lucky-draw}:a", "{lucky-draw}:b"), ["1", "2"]);
  t.equal((await world.sql`select from result`).length, 2);
});

t.test("a planned failover under load", async (t) => {
  const { cluster, world } = await setUp(t, 1);
  const running = await underLoad(t, world);
  const [replica] = await cluster.replicasOf(await cluster.ownerOf(KEY));
  if (!replica) throw new Error("no replica");
  await cluster.failOver(replica);
  await running.answered(100);
  const noted = await audited(t, world, running);
  t.equal(noted.losers_who_drew_again, 0, "no draw is lost");
});

t.test("kill -9 of a master under load: its replica takes over", async (t) => {
  const { cluster, world } = await setUp(t, 1);
  const running = await underLoad(t, world);
  const master = await cluster.ownerOf(KEY);
  await master.kill();
  const began = performance.now();
  await running.answered(100);
  t.comment(`back after ${Math.round(performance.now() - began)} ms`);
  const noted = await audited(t, world, running);
  t.comment(JSON.stringify(noted));
});

t.test("a master that falls silent, and its replica takes over", async (t) => {
  const { cluster, world } = await setUp(t, 1);
  const running = await underLoad(t, world);
  const master = await cluster.ownerOf(KEY);
  master.pause();
  t.teardown(() => master.resume());
  await running.answered(100);
  master.resume();
  await running.answered(100);
  await audited(t, world, running);
});

t.test(
  "a master without a replica that comes back (CLUSTERDOWN)",
  async (t) => {
    const { cluster, world } = await setUp(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    t.equal(told((await server.draw("ann")).body), "won");
    const master = await cluster.ownerOf(KEY);
    await master.kill();
    const [other] = cluster.nodes.filter((it) => it !== master);
    await until("a cluster that is down", async () => {
      const info = String(await other?.redis.cluster("INFO"));
      if (!info.includes("cluster_state:fail")) throw new Error(info);
    });
    for (const user of ["ann", "bob"]) {
      const began = performance.now();
      t.equal((await server.draw(user)).status, 503);
      t.ok(performance.now() - began < bound(2_000));
    }
    const ready = (await (await fetch(`${server.url}/readyz`)).json()) as {
      ready: boolean;
    };
    t.equal(ready.ready, false);
    await master.start();
    const bob = await until("a draw", async () => {
      const { status, body } = await server.draw("bob");
      if (status !== 200) throw new Error(String(status));
      return body;
    });
    t.equal(told(bob), "won");
    t.equal(told((await server.draw("ann")).body), "participated");
  },
);

t.test("nothing is sent twice, and nothing waits", async (t) => {
  const cluster = await startCluster(t);
  const client = createRedis(cluster.url);
  t.teardown(() => client.disconnect());
  const early = client.incr("{a}counter").then(
    () => "sent",
    () => "refused",
  );
  t.equal(await early, "refused", "before there is a connection");
  await t.rejects(client.multi().incr("{a}counter").exec());
  await until("a connection", () => client.ping());
  const owner = await cluster.ownerOf("{a}counter");
  t.equal(await owner.redis.get("{a}counter"), null);

  // Redis has them and answers late: by then the client has given up.
  owner.pause();
  const asking = [
    client.incr("{a}counter"),
    client.multi().incr("{a}counter").exec(),
    client.pipeline().incr("{a}counter").exec(),
  ];
  const ends = await Promise.allSettled(asking);
  t.equal(ends[0]?.status, "rejected");
  owner.resume();
  await until("the node again", () => client.get("{a}counter"));
  t.equal(await client.get("{a}counter"), "3", "each was carried out once");

  // A connection that breaks under a command.
  const node = (client as unknown as { nodes(role: string): never[] })
    .nodes("master")
    .find(({ options }: { options: { port: number } }) => {
      return options.port === owner.port;
    }) as unknown as { stream: { destroy(): void } };
  const broken = client.incr("{a}counter");
  node.stream.destroy();
  await t.rejects(broken);
  await until("the node again", () => client.get("{a}counter"));
  const count = Number(await client.get("{a}counter"));
  t.ok(count === 3 || count === 4, `${count}`);
});
