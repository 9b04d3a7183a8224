import t, { type Test } from "tap";
import type { Lane } from "../../src/campaigns/lane.js";
import { createLedger, EVER } from "../../src/shards/ledger.js";
import { byMachine, createReplenish } from "../../src/shards/replenish.js";
import { shardOf } from "../../src/shards/shard-of.js";
import type { Keys } from "../../src/stores/keys.js";
import { told } from "../support/post.js";
import { drawIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

/** The counters of all days, and a log that is not there. */
const countersOf = ({ taken, takenToday, log }: Keys) =>
  [3, taken, takenToday("2099-01-01"), log("2099-01-01")] as const;
const AT = ["all", 0] as const;

// What one server left half done, the next one that needs numbers finishes; what can't be seen is not taken for gone.

async function setUp(t: Test, total_quota: number) {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setCampaign(
    world,
    { id: "many", shards: 2 },
    [{ id: "CUP", total_quota }],
    server,
  );
  const lanes = server.campaigns.lanes().filter((it) => it.shard !== undefined);
  const [one, other] = lanes as [Lane, Lane];
  let count = 0;
  /** What the next user of a shard gets. */
  const draw = async (shard: number) => {
    do count += 1;
    while (shardOf(`user ${count}`, 2) !== shard);
    const { status, body } = await drawIn(server, "many", `user ${count}`);
    await Promise.all(lanes.map(({ settlements }) => settlements.idle()));
    return status === 503 ? "unavailable" : told(body);
  };
  const ledger = createLedger(server.postgres);
  const rights = async ({ redis, keys }: Lane) =>
    (await redis.hget(keys.taken, "@rights")) ?? "";
  return { world, server, one, other, draw, ledger, rights };
}

const CUP = { campaign: "many", prize_id: "CUP", date: EVER };

t.test("a grant whose server was killed before it arrived", async (t) => {
  const { other, draw, ledger, rights } = await setUp(t, 1);
  const name = await rights(other);
  const grant = await ledger.grant(CUP, {
    ...{ shard: 1, rights: name, granted: 0, most: 1 },
  });
  t.match(grant, { granted: 1, units: [[1, 1]] });
  t.equal(await draw(0), "won", "it comes to whoever hits the prize");
  t.equal(await draw(1), "no_prize");
});

t.test("a cut whose server was killed before Postgres knew", async (t) => {
  const { other, draw, rights, ledger } = await setUp(t, 1);
  const name = await rights(other);
  await ledger.grant(CUP, { shard: 1, rights: name, granted: 0, most: 1 });
  const { redis, keys } = other;
  await redis.grant(...countersOf(keys), name, "CUP", 1, ...AT, 1, 1);
  t.equal(
    await redis.recall(...countersOf(keys), name, "CUP", 1, 1, "", ...AT),
    "1-1",
  );
  t.equal(await draw(0), "won");
  t.equal(await draw(1), "no_prize");
});

t.test("a number that comes back after all were told", async (t) => {
  const { world, one, draw } = await setUp(t, 1);
  t.equal(await draw(0), "won");
  t.equal(await draw(1), "no_prize");
  t.equal(await draw(0), "no_prize");
  // Its row is gone, as if Postgres had refused it.
  await world.sql`alter table result disable trigger user`;
  const [row] = await world.sql<{ draw_date: string }[]>`
    delete from result where campaign_id = 'many' returning draw_date::text`;
  await world.sql`alter table result enable trigger user`;
  const win = { prize_id: "CUP", draw_date: row?.draw_date ?? "" };
  await one.spare({ ...win, unit: 1, day_unit: 1 } as Parameters<
    Lane["spare"]
  >[0]);
  t.equal(await draw(1), "won", "the other shard was told, too");
});

t.test("a shard that can't be asked is not taken for empty", async (t) => {
  const { server, one, other, ledger, rights } = await setUp(t, 1);
  const name = await rights(other);
  await ledger.grant(CUP, { shard: 1, rights: name, granted: 0, most: 1 });
  await other.redis.grant(
    ...countersOf(other.keys),
    name,
    "CUP",
    1,
    ...AT,
    1,
    1,
  );
  const redis = new Proxy(server.redis, {
    get: (target, command) => {
      const its = target[command as keyof typeof target] as unknown;
      if (typeof its !== "function") return its;
      return (...args: unknown[]) =>
        args.includes(other.keys.taken)
          ? Promise.reject(new Error("Connection is closed."))
          : its.apply(target, args);
    },
  });
  const replenish = createReplenish({
    ...{ redis, ledger, clock: server.clock, campaign: "many", shard: 0 },
    ...{ everywhere: one.everywhere, reload: async () => {}, ...byMachine },
  });
  const ask = {
    ...{ prize_id: "CUP", pool: "ever" as const, urgent: true },
    ...{ rights: await rights(one), granted: 0, most: 1 },
  };
  const date = server.clock.today().date;
  await t.rejects(replenish.get([ask], date), { code: "UNAVAILABLE" });
  const units = await one.redis.hget(one.keys.taken, "@r:CUP");
  t.notMatch(units, /^\d+ \d+ 1/, "nothing is told to be gone");
});

t.test("a grant between the looks of whoever finds nothing", async (t) => {
  const { server, one, other, ledger, rights } = await setUp(t, 1);
  let looks = 0;
  const meanwhile = async () => {
    looks += 1;
    if (looks !== 2) return;
    // All were seen without a number: now another server raises the quota, and the other shard gets one.
    await server.postgres.query(
      (sql) => sql`update prize set total_quota = 2 where campaign_id = 'many'`,
    );
    const name = await rights(other);
    await ledger.grant(CUP, { shard: 1, rights: name, granted: 0, most: 2 });
    await other.redis.grant(
      ...countersOf(other.keys),
      name,
      "CUP",
      1,
      ...AT,
      2,
      2,
    );
  };
  const name = await rights(one);
  await ledger.grant(CUP, { shard: 0, rights: name, granted: 0, most: 1 });
  await one.redis.grant(...countersOf(one.keys), name, "CUP", 1, ...AT, 1, 1);
  await one.redis.hset(one.keys.taken, "@r:CUP", "1 1 0 ", "CUP", 1); // spent
  const replenish = createReplenish({
    ...{ redis: server.redis, clock: server.clock, campaign: "many" },
    shard: 0,
    ledger: {
      ...ledger,
      look: async (...args) => {
        await meanwhile();
        return ledger.look(...args);
      },
    },
    ...{ everywhere: one.everywhere, reload: async () => {}, ...byMachine },
  });
  const ask = {
    ...{ prize_id: "CUP", pool: "ever" as const, urgent: true },
    ...{ rights: name, granted: 1, most: 2 },
  };
  await replenish.get([ask], server.clock.today().date);
  const units = await one.redis.hget(one.keys.taken, "@r:CUP");
  t.match(units, /2-2$/, "it has come here");
  t.ok(looks >= 3, `${looks} looks`);
});
