import t, { type Test } from "tap";
import { createLedger, EVER } from "../../src/shards/ledger.js";
import { migrate } from "../../src/stores/migrate.js";
import { createPostgres } from "../../src/stores/postgres.js";
import { createRedis } from "../../src/stores/redis.js";
import { setCampaign } from "../support/set-campaign.js";
import { createWorld } from "../support/world.js";

// Each script and statement that moves numbers of units, as it is done twice, late, or for data of before.

const UNITS = "@r:CUP";
const CUT = "@c:CUP";

async function setUp(t: Test, units: string) {
  const { redisUrl, redis: client } = await createWorld(t);
  const redis = createRedis(redisUrl);
  t.teardown(() => redis.disconnect());
  await redis.connect();
  const set = (fields: Record<string, string | number>) =>
    client.hset("taken", fields);
  const get = (field: string) => client.hget("taken", field);
  await set({ "@rights": "now", [UNITS]: units, CUP: 5 });
  return { redis, set, get };
}

/** Counters and a log that is not there. */
const LOGGED = [3, "taken", "today", "log"] as const;
const AT = ["all", 0] as const;

t.test("a grant is there once, in its turn, for these numbers", async (t) => {
  const { redis, get } = await setUp(t, "1 4 0 3-4");
  const grant = (rights: string, granted: number) =>
    redis.grant(...LOGGED, rights, "CUP", granted, ...AT, 9, 10, 20, 20);
  t.equal(await grant("before", 2), "stale");
  t.equal(await grant("now", 3), "stale", "the one before it is missing");
  t.equal(await get(UNITS), "1 4 0 3-4");
  t.equal(await grant("now", 2), "OK");
  t.equal(await grant("now", 2), "known");
  t.equal(await get(UNITS), "2 3 0 3-4,9-10,20-20");
});

t.test("a cut is noted until Postgres knows", async (t) => {
  const { redis, get } = await setUp(t, "1 9 0 3-4,7-9");
  const recall = (rights: string, count: number, returned: string) =>
    redis.recall(...LOGGED, rights, "CUP", 8, count, returned, ...AT);
  t.equal(await recall("before", 3, ""), "stale");
  t.equal(await recall("now", 3, ""), "7-8,4-4", "none beyond the quota");
  t.equal(await get(UNITS), "1 9 0 3-3,9-9");
  t.equal(await get(CUT), "7-8,4-4");
  t.equal(await recall("now", 0, ""), "7-8,4-4", "whoever comes next");
  t.equal(await recall("now", 0, "7-8"), "4-4");
  t.equal(await recall("now", 0, "4-4"), "");
  t.equal(await get(CUT), null);
});

t.test("a shard that had news takes nothing for gone", async (t) => {
  const { redis, set, get } = await setUp(t, "2 4 0 12-12");
  const gone = (rights: string, granted: number, most: number, news: number) =>
    redis.gone(1, "taken", rights, "CUP", granted, most, news);
  t.equal(await gone("before", 2, 10, 0), "stale");
  t.equal(await gone("now", 1, 10, 0), "known", "a grant came");
  t.equal(await gone("now", 2, 12, 0), "known", "there is a number");
  t.equal(await gone("now", 2, 10, 0), "OK");
  t.equal(await get(UNITS), "2 4 10 12-12");
  t.equal(await gone("", 0, 0, 0), "OK", "numbers came back");
  t.equal(await get(UNITS), "2 4 0 12-12");
  t.equal(await gone("now", 2, 10, 0), "known", "since they were looked for");
  t.equal(await gone("now", 2, 10, 1), "OK");
  await set({ "@rights": "next" });
  t.equal(await gone("now", 2, 10, 1), "stale");
});

t.test("a number comes back once, to whom it belongs", async (t) => {
  const { redis, get } = await setUp(t, "2 4 8 7-8");
  const spare = (rights: string, ...numbers: number[]) =>
    redis.spare(3, "taken", "prizes", "taken", rights, "CUP", ...numbers);
  t.equal(await spare("before", 5), "stale");
  t.equal(await spare("now", 5, 6, 2), 3);
  t.equal(await spare("now", 5, 7), 0, "they are there");
  t.equal(await get(UNITS), "2 4 0 2-2,5-8");
  t.equal(await get("CUP"), "2", "three less are taken");
});

t.test(
  "an install takes away, and brings back only after a loss",
  async (t) => {
    const { redis, set, get } = await setUp(t, "2 4 8 7-8,12-15");
    const install = (rights: string, granted: number, held: string) =>
      redis.install(
        2,
        "taken",
        "taken",
        rights,
        "CUP",
        granted,
        4,
        1,
        "1-3",
        held,
      );
    t.equal(await install("before", 2, "1-20"), "stale");
    t.equal(await install("now", 3, "1-5"), 0, "a grant is on its way");
    t.equal(await get(UNITS), "2 4 8 7-8,12-15");
    t.equal(await install("now", 2, "1-7,14-20"), 3);
    t.equal(await get(UNITS), "2 4 0 7-7,14-15");
    await set({ "@rights": "next?", [CUT]: "9-9" });
    t.equal(await install("next", 3, "1-20"), 3);
    t.equal(await get(UNITS), "3 4 0 1-3");
    t.equal(await get("CUP"), "1");
    t.equal(await get(CUT), null, "nothing is cut of these");
    t.equal(await get("@rights"), "next");
  },
);

t.test("the ledger moves numbers for one server at a time", async (t) => {
  const world = await createWorld(t);
  await migrate(world.databaseUrl, false);
  const postgres = createPostgres(world.databaseUrl);
  t.teardown(() => postgres.close());
  await setCampaign(world, { id: "many", shards: 2 }, [
    { id: "CUP", total_quota: 8 },
  ]);
  const ledger = createLedger(postgres);
  const of = { campaign: "many", prize_id: "CUP", date: EVER };
  for (const shard of [0, 1]) await ledger.read("many", EVER, shard, "now");
  const grant = (shard: number, granted: number, rights = "now") =>
    ledger.grant(of, { shard, rights, granted, most: -1 });
  t.same(await grant(0, 0), { granted: 1, units: [[1, 2]] });
  t.same(await grant(0, 0), { granted: 1, units: [[1, 2]] }, "once more");
  t.same(await grant(1, 0), { granted: 1, units: [[3, 4]] });
  t.equal(await grant(0, 1, "before"), "stale");
  t.equal(await grant(0, 3), "stale");
  t.equal(await ledger.lease(of, "one", 60), true);
  t.equal(await ledger.lease(of, "other", 60), false);
  const giveBack = (mover: string, rights = "now") =>
    ledger.giveBack(of, { shard: 0, rights, units: [[2, 2]], mover });
  t.equal(await giveBack("other"), false, "who has no lease");
  t.equal(await giveBack("one", "before"), false, "data of before");
  t.equal(await giveBack("one"), true);
  t.same(await grant(1, 1), {
    granted: 2,
    units: [
      [2, 2],
      [5, 5],
    ],
  });
  t.equal(await ledger.lease(of, "one", 0), true);
});
