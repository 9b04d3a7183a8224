import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import { shardOf } from "../../src/shards/shard-of.js";
import { keysOf, shardsOf } from "../../src/stores/keys.js";
import { connectRedis } from "../support/connect-redis.js";
import { inParallel } from "../support/in-parallel.js";
import { createProxy } from "../support/link.js";
import { noonZone } from "../support/noon-zone.js";
import { told } from "../support/post.js";
import { startCluster } from "../support/redis-cluster.js";
import { startProcess } from "../support/server-process.js";
import {
  type CampaignPrize,
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// One campaign on eight shards, on a cluster of three masters with a replica each, at three servers.

t.jobs = 1;
t.setTimeout(600_000);

const SHARDS = 8;
const SERVERS = 3;

const usersOf = (count: number, name: string) =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

async function setUp(t: Test, prize: CampaignPrize) {
  const cluster = await startCluster(t, { replicas: 1 });
  const shared = await createWorld(t);
  const postgres = await createProxy(t, shared.databaseUrl);
  const redis = connectRedis(cluster.url);
  t.teardown(() => redis.disconnect());
  const world = { ...shared, redis, redisUrl: cluster.url };
  const { sql } = world;
  const linked = { ...world, databaseUrl: postgres.url };
  const options = { timeZone: noonZone(new Date()) };
  const servers: Awaited<ReturnType<typeof startServer>>[] = [];
  for (let n = 0; n < SERVERS; n += 1) {
    servers.push(await startServer(t, linked, options));
  }
  await setCampaign(world, { id: "many", shards: SHARDS }, [prize], ...servers);
  keepTicking(t, servers);

  const wins = new Map<string, string>(); // id of the result → user
  const ends: Record<string, number> = {};
  let count = 0;
  /** One user, at one server after the other, until an answer comes. */
  async function draw(user: string, key?: string): Promise<string> {
    count += 1;
    const server = servers[count % SERVERS] as { url: string };
    const { body } = await drawUntilToldIn(server, "many", user, key);
    const { id } = body.data?.result ?? {};
    if (id) wins.set(id, user);
    const end = told(body);
    ends[end] = (ends[end] ?? 0) + 1;
    return end;
  }
  const rows = () => sql<{ id: string; user_id: string; unit: number }[]>`
    select id, user_id, unit::int as unit from result where campaign_id = 'many' order by unit`;
  /** Every win that was told has its row, nobody has two, and these units went. */
  async function audit(quota: number) {
    const all = await rows();
    t.same(
      all.map(({ unit }) => unit),
      upTo(quota),
    );
    const userOf = new Map(all.map((row) => [row.id, row.user_id]));
    const missing = [...wins].filter(([id, user]) => userOf.get(id) !== user);
    t.same(missing, [], "every win that was told has its row");
    t.equal(new Set(userOf.values()).size, quota, "nobody won twice");
  }
  return { cluster, postgres, world, servers, draw, rows, audit, wins, ends };
}

/** What the schedulers of these servers do every second. */
function keepTicking(
  t: Test,
  servers: { scheduler: { tick(): Promise<void> } }[],
) {
  let going = true;
  const loops = servers.map(async ({ scheduler }) => {
    while (going) {
      await scheduler.tick().catch(() => {});
      await pause(500);
    }
  });
  t.teardown(async () => {
    going = false;
    await Promise.all(loops);
  });
}

t.test("1,000 units, 5,000 users: all go, and no more", async (t) => {
  const { draw, audit, ends } = await setUp(t, {
    id: "CUP",
    total_quota: 1_000,
  });
  let isGone = 0;
  await inParallel(usersOf(5_000, "user"), 40, async (user) => {
    if ((await draw(user, "key")) === "no_prize") isGone += 1;
    else if (isGone > 500) t.fail("a unit went long after none was left");
  });
  t.same(ends, { won: 1_000, no_prize: 4_000 });
  await audit(1_000);
});

t.test("who draws fifty times at once draws once", async (t) => {
  const { draw, rows, world } = await setUp(t, { id: "CUP" });
  await inParallel(usersOf(50, "key"), 50, async (key) => {
    await draw("ann", key.replace(" ", "-"));
  });
  t.equal((await rows()).length, 1);
  const [date] = await world.sql<{ date: string }[]>`
    select draw_date::text as date from result`;
  const { takenToday } = keysOf("many", shardOf("ann", SHARDS));
  const drawn = await world.redis.hget(takenToday(date?.date ?? ""), "@draws");
  t.equal(drawn, "1");
});

t.test("what a server that died left in the outbox is finished", async (t) => {
  const { world, rows, draw } = await setUp(t, { id: "CUP" });
  t.equal(await draw("ann"), "won");
  const postgres = await createProxy(t, world.databaseUrl);
  const dying = await startProcess(
    t,
    { ...world, databaseUrl: postgres.url },
    { TIME_ZONE: noonZone(new Date()) },
  );
  await drawUntilToldIn(dying, "many", "bob");
  postgres.silence();
  await drawIn(dying, "many", "eve").catch(() => {});
  await dying.end("SIGKILL");
  await until("her row", async () => {
    const users = (await rows()).map(({ user_id }) => user_id);
    if (!users.includes("eve")) throw new Error(users.join());
  });
  await until("empty outboxes", async () => {
    for (const { outbox } of shardsOf({ id: "many", shards: SHARDS })) {
      const left = await world.redis.xlen(outbox);
      if (left > 0) throw new Error(`${outbox}: ${left}`);
    }
  });
  t.equal(await draw("eve"), "won", "she is told");
});

t.test(
  "a master killed, slots moved, a planned failover, Postgres away: all units go in the end",
  async (t) => {
    const quota = 300;
    const { cluster, postgres, world, servers, draw, rows, audit, wins } =
      await setUp(t, { id: "CUP", probability: 0.2, total_quota: quota });
    const keyOf = (shard: number) => keysOf("many", shard).prizes;
    const [shard, other] = [shardOf("first", SHARDS), 3];

    let going = true;
    let count = 0;
    const load = upTo(12).map(async () => {
      while (going) {
        count += 1;
        await draw(`user ${count}`, count % 2 ? "key" : undefined);
      }
    });
    t.teardown(() => {
      going = false;
    });
    const more = (n: number, what: string) => {
      const from = wins.size;
      return until(`${n} wins ${what}`, async () => {
        if (wins.size < Math.min(quota, from + n)) throw new Error();
      });
    };

    await more(30, "at first");
    const master = await cluster.ownerOf(keyOf(shard));
    const [replica] = await cluster.replicasOf(master);
    await master.kill();
    await until("its replica", async () => {
      const role = await replica?.redis.info("replication");
      if (!role?.includes("role:master")) throw new Error(role);
    });
    await more(30, "after the kill");
    await master.start();

    const from = await cluster.ownerOf(keyOf(other));
    const [to] = cluster.nodes.filter(
      (it) => it !== from && it !== master && cluster.nodes.indexOf(it) < 3,
    );
    const slot = await cluster.slotOf(keyOf(other));
    await cluster.moveSlot(slot, to ?? from, () => more(10, "in a move"));
    await more(20, "after the move");

    const [planned] = await cluster.replicasOf(
      await cluster.ownerOf(keyOf(other)),
    );
    if (planned) await cluster.failOver(planned);
    await more(20, "after the failover");

    postgres.silence();
    await pause(3_000);
    postgres.restore();
    postgres.cut();
    await more(20, "after Postgres was away");
    going = false;
    await Promise.all(load);

    // And all is well again: whoever comes to one shard gets what is left anywhere.
    await world.sql`update prize set probability = 1 where campaign_id = 'many'`;
    for (const { campaigns } of servers) await campaigns.check();
    let late = 0;
    const drawOn = async () => {
      const users: string[] = [];
      for (; users.length < 20; late += 1) {
        const user = `late ${late}`;
        if (shardOf(user, SHARDS) === shard) users.push(user);
      }
      await inParallel(users, 10, async (user) => void (await draw(user)));
    };
    await until("the last unit", async () => {
      await drawOn();
      const { length } = await rows();
      if (length < quota) throw new Error(`${length} went`);
    });
    await drawOn();
    await audit(quota);
  },
);
