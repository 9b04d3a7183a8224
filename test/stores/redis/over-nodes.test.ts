import t from "tap";
import { keys, keysOf } from "../../../src/stores/keys.js";
import {
  createRedis,
  pipelines,
  redisTime,
  watchRedis,
} from "../../../src/stores/redis.js";
import { ADMIN_TOKEN, adminOf } from "../../support/admin-calls.js";
import { connectRedis } from "../../support/connect-redis.js";
import { redisRights } from "../../support/least-privilege.js";
import { watch } from "../../support/live-events.js";
import { told } from "../../support/post.js";
import { startCluster } from "../../support/redis-cluster.js";
import { runCommand } from "../../support/run-command.js";
import { scrape } from "../../support/scrape.js";
import { drawIn, setCampaign } from "../../support/set-campaign.js";
import { setPrizes } from "../../support/set-prizes.js";
import { startServer } from "../../support/start-server.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

// All that is not a draw, with campaigns on the three masters of a cluster.

const cluster = await startCluster(t);

/** A campaign whose keys are at that node. */
async function campaignAt(port: number): Promise<string> {
  for (let n = 0; ; n += 1) {
    const owner = await cluster.ownerOf(keysOf(`c${n}`).prizes);
    if (owner.port === port) return `c${n}`;
  }
}

t.test("what serves a day, with campaigns on every master", async (t) => {
  const redis = connectRedis(cluster.url);
  t.teardown(() => redis.disconnect());
  const shared = await createWorld(t);
  const world = { ...shared, redisUrl: cluster.url, redis };
  const settings = { ADMIN_TOKEN, METRICS: "on", RATE_LIMIT_USER: 7 } as const;
  const server = await startServer(t, world, { settings });
  await setPrizes(world, [{ id: "SURE", total_quota: 1_000 }], server);
  const ids = await Promise.all(cluster.nodes.map((it) => campaignAt(it.port)));
  for (const id of ids) {
    await setCampaign(world, { id }, [{ id: "CUP", total_quota: 5 }], server);
  }
  t.equal(told((await server.draw("ann")).body), "won");
  for (const id of ids) {
    t.equal(told((await drawIn(server, id, "ann")).body), "won", id);
  }
  await server.scheduler.tick();
  const ready = await fetch(`${server.url}/readyz`);
  t.equal(ready.status, 200, await ready.text());

  const { value } = await scrape(server.url);
  for (const campaign of ["default", ...ids]) {
    t.equal(value("lucky_draw_outbox_entries", { campaign }), 0, campaign);
  }
  t.equal(value("lucky_draw_up", { store: "redis" }), 1);

  const statuses: number[] = [];
  for (let n = 0; n < 8; n += 1)
    statuses.push((await server.draw("bob")).status);
  t.same(statuses, [...new Array(7).fill(200), 429], "limits count");

  const live = await watch(server.url);
  const figures = await live.see("figures", ({ stale }) => !stale);
  t.match(figures, { today: { draws: 2, wins: 2 }, stale: false });
  live.hangUp();

  const simulation = await fetch(`${server.url}/admin/simulation`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ draws: 500 }),
  });
  const lines = (await simulation.text()).trimEnd().split("\n");
  t.equal(JSON.parse(lines.at(-1) ?? "").data.draws, 500);
  t.same(
    (await redis.keys("*")).filter((it) => it.includes("simulation")),
    [],
    "nothing is left of it",
  );
  t.equal((await adminOf(server.url)("GET", "/prizes")).status, 200);

  // A server that finds campaigns that are over looks for wins on all nodes.
  await world.sql`update campaign set active = false where id = any(${ids})`;
  const second = await startServer(t, world);
  await second.scheduler.tick();

  const DATABASE_URL = world.databaseUrl;
  const stores = { DATABASE_URL, REDIS_URL: cluster.url };
  const examined = await runCommand("doctor", stores);
  t.same([examined.code, examined.err], [0, ""], examined.out);
  for (const { port } of cluster.nodes) {
    t.match(examined.out, `ok    127.0.0.1:${port}: Redis keeps an append`);
    t.match(examined.out, `127.0.0.1:${port}'s clock is`);
  }

  await server.close();
  await second.close();
  for (const { redis } of cluster.nodes) {
    for (const name of await redis.keys("*:prizes")) {
      await redis.hset(name, "time_zone_until", 1); // ten seconds later
    }
  }
  await redis.set("{lucky-drawer}:another program's", "key");
  const name = new URL(DATABASE_URL).pathname.slice(1);
  const reset = await runCommand("reset", stores, { args: ["--yes", name] });
  t.equal(reset.code, 0, reset.err);
  t.same(await redis.keys("*"), ["{lucky-drawer}:another program's"]);
});

t.test("with the rights of lua/acl.txt, also while a slot moves", async (t) => {
  const redis = connectRedis(cluster.url);
  t.teardown(() => redis.disconnect());
  await redis.flushall();
  const rights = ["on", ">a-server", ...(await redisRights())];
  for (const { redis } of cluster.nodes) {
    await redis.call("ACL", "SETUSER", "lucky", ...rights);
  }
  const hosts = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
  const redisUrl = `redis+cluster://lucky:a-server@${hosts.join(",")}`;
  const world = { ...(await createWorld(t)), redisUrl, redis };
  const denied: string[] = [];
  const logged = (line: string) => {
    if (/NOPERM/.test(line)) denied.push(line);
  };
  const settings = { RATE_LIMIT_USER: 100 };
  const server = await startServer(t, world, { logged, settings });
  await setPrizes(world, [{ id: "SURE" }], server);
  t.equal(told((await server.draw("ann")).body), "won");
  const from = await cluster.ownerOf(keys.prizes);
  const to = cluster.nodes.find((it) => it !== from) ?? from;
  const slot = await cluster.slotOf(keys.prizes);
  const single = () => server.redis.hexists(keys.prizes, "odds");
  await cluster.moveSlot(slot, to, single);
  const again = await until("a draw", async () => {
    const { status, body } = await server.draw("ann");
    if (status !== 200) throw new Error(String(status));
    return told(body);
  });
  t.equal(again, "participated");
  await server.scheduler.tick();
  t.same(denied, []);
  await cluster.moveSlot(slot, from);
});

t.test("a pipeline over many hash tags keeps its order", async (t) => {
  const redis = createRedis(cluster.url);
  t.teardown(() => redis.disconnect());
  await redis.connect();
  const names = Array.from({ length: 100 }, (_, n) => `{tag ${n % 64}}:${n}`);
  await pipelines(
    redis,
    names.map((name, n) => ["set", name, n]),
  );
  const values = await pipelines(
    redis,
    names.map((name) => ["get", name]),
  );
  t.same(values, [...names.keys()].map(String));
  t.same(await pipelines(redis, []), []);
  await t.rejects(
    pipelines(redis, [
      ["get", names[0] ?? ""],
      ["hget", names[1] ?? "", "a string"],
    ]),
    { code: "UNAVAILABLE" },
  );
});

t.test(
  "time is the node's that has the key, wherever its slot moves",
  async (t) => {
    const redis = createRedis(cluster.url);
    t.teardown(() => redis.disconnect());
    const told: string[] = [];
    watchRedis(redis, {
      lost: () => told.push("lost"),
      found: () => told.push("found"),
    });
    await redis.connect();
    const asked = async () => {
      const before = await Promise.all(cluster.nodes.map(timesAsked));
      await redisTime(redis, keys.outbox);
      const after = await Promise.all(cluster.nodes.map(timesAsked));
      return cluster.nodes.filter((_, n) => after[n] !== before[n]);
    };
    const from = await cluster.ownerOf(keys.outbox);
    for (let n = 0; n < 5; n += 1) t.same(portsOf(await asked()), [from.port]);
    const to = cluster.nodes.find((it) => it !== from) ?? from;
    told.length = 0;
    await cluster.moveSlot(await cluster.slotOf(keys.outbox), to);
    t.same(portsOf(await asked()), [to.port]);
    await until("a word of it", async () => {
      if (!told.includes("lost")) throw new Error(told.join());
    });
    await cluster.moveSlot(await cluster.slotOf(keys.outbox), from);
  },
);

const portsOf = (nodes: { port: number }[]) => nodes.map(({ port }) => port);

/** How often a node was asked for its time. */
async function timesAsked({
  redis,
}: {
  redis: ReturnType<typeof connectRedis>;
}) {
  const stats = await redis.info("commandstats");
  return /cmdstat_time:calls=(\d+)/.exec(stats)?.[1] ?? "0";
}
