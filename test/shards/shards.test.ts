import t, { type Test } from "tap";
import { shardOf } from "../../src/shards/shard-of.js";
import { keysOf } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { told } from "../support/post.js";
import {
  type CampaignPrize,
  type CampaignRow,
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld, type World } from "../support/world.js";

// One campaign on several shards: never oversold, and no unit left while somebody hits its prize.

type Server = Awaited<ReturnType<typeof startServer>>;

const NOON = "2099-11-22T12:00:00Z";

const usersOf = (count: number, name = "user") =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

async function startServers(
  t: Test,
  world: World,
  count: number,
  campaign: CampaignRow,
  prizes: CampaignPrize[],
) {
  const time = fakeTime(NOON);
  const servers: Server[] = [];
  for (let n = 0; n < count; n += 1) {
    servers.push(await startServer(t, world, time.options()));
  }
  await setCampaign(world, campaign, prizes, ...servers);
  return { servers, time };
}

/** Draws of all, so many at a time, over all servers: a try that got no answer is the same by its key. Returns how often each outcome came. */
async function drawAll(
  servers: Server[],
  users: string[],
  { most = 100, key }: { most?: number; key?: string | undefined } = {
    key: "key",
  },
) {
  const counts: Record<string, number> = {};
  await inParallel([...users.entries()], most, async ([n, user]) => {
    const server = servers[n % servers.length] as Server;
    const { body } = await drawUntilToldIn(server, "many", user, key);
    const end = body.data?.result?.prize_id ?? told(body);
    counts[end] = (counts[end] ?? 0) + 1;
  });
  return counts;
}

async function rowsOf({ sql }: World) {
  const rows = await sql<
    { prize_id: string; units: number[]; day_units: number[] }[]
  >`
    select prize_id, array_agg(unit::int order by unit) as units, array_agg(day_unit::int order by day_unit) as day_units
    from result where campaign_id = 'many' group by prize_id order by prize_id`;
  return rows;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

for (const [quota, shards, draws] of [
  [1_000, 8, 3_000],
  [3, 16, 200],
  [1, 2, 60],
  [64, 64, 400],
] as const) {
  t.test(
    `${quota} units on ${shards} shards: all go, and no more`,
    async (t) => {
      const world = await createWorld(t);
      const { servers } = await startServers(
        t,
        world,
        3,
        { id: "many", shards },
        [{ id: "CUP", total_quota: quota }],
      );
      const counts = await drawAll(servers, usersOf(draws));
      t.same(counts, { CUP: quota, no_prize: draws - quota });
      const [row] = await rowsOf(world);
      t.same(row?.units, upTo(quota));
      // Once all know, a draw of a prize that is gone asks nothing of Postgres.
      const [before] =
        await world.sql`select sum(granted)::int as n from shard_units`;
      const [{ body }] = [await drawIn(servers[0] as Server, "many", "late")];
      t.equal(told(body), "no_prize");
      const [after] =
        await world.sql`select sum(granted)::int as n from shard_units`;
      t.same(after, before);
    },
  );
}

t.test("daily and total quota together, over days", async (t) => {
  const world = await createWorld(t);
  const { servers, time } = await startServers(
    t,
    world,
    2,
    { id: "many", shards: 4 },
    [{ id: "CUP", daily_quota: 40, total_quota: 100 }],
  );
  const ends: (number | undefined)[] = [];
  for (const day of [22, 23, 24, 25]) {
    time.set(`2099-11-${day}T12:00:00Z`);
    const counts = await drawAll(servers, usersOf(150), { key: `key-${day}` });
    ends.push(counts.CUP);
  }
  t.same(ends, [40, 40, 20, undefined]);
  const [row] = await rowsOf(world);
  t.same(row?.units, upTo(100));
});

t.test("several prizes, without limits, a fallback", async (t) => {
  const world = await createWorld(t);
  const { servers } = await startServers(
    t,
    world,
    2,
    { id: "many", shards: 8 },
    [
      { id: "CAR", probability: 0.5, total_quota: 5 },
      { id: "MUG", probability: 0.5, daily_quota: 30 },
      { id: "PEN", probability: 0, fallback: true },
    ],
  );
  const counts = await drawAll(servers, usersOf(400));
  t.same(counts, { CAR: 5, MUG: 30, PEN: 365 });
  for (const { units } of await rowsOf(world)) {
    t.equal(new Set(units).size, units.length);
  }
});

t.test("who draws fifty times at once draws once", async (t) => {
  const world = await createWorld(t);
  const { servers } = await startServers(
    t,
    world,
    3,
    { id: "many", shards: 8 },
    [{ id: "CUP", probability: 1, total_quota: 1_000 }],
  );
  const ends = await drawAll(servers, Array(50).fill("ann"), { most: 50 });
  t.ok((ends.CUP ?? 0) >= 1);
  const [row] = await rowsOf(world);
  t.equal(row?.units.length, 1);
  const shard = shardOf("ann", 8);
  const { takenToday } = keysOf("many", shard);
  t.equal(await world.redis.hget(takenToday("2099-11-22"), "@draws"), "1");
});

t.test("a quota that is raised, and one that is lowered", async (t) => {
  const world = await createWorld(t);
  const { servers } = await startServers(
    t,
    world,
    2,
    { id: "many", shards: 4 },
    [{ id: "CUP", total_quota: 20 }],
  );
  const edit = async (quota: number) => {
    await world.sql`update prize set total_quota = ${quota} where campaign_id = 'many'`;
    for (const { campaigns } of servers) await campaigns.check();
  };
  t.same(await drawAll(servers, usersOf(30, "a")), { CUP: 20, no_prize: 10 });
  await edit(50);
  t.same(await drawAll(servers, usersOf(20, "b")), { CUP: 20 });
  // 40 are taken, of which some numbers may lie beyond the new quota.
  await edit(45);
  t.same(await drawAll(servers, usersOf(20, "c")), { CUP: 5, no_prize: 15 });
  await edit(10);
  t.same(await drawAll(servers, usersOf(9, "d")), { no_prize: 9 });
  await edit(60);
  t.same(await drawAll(servers, usersOf(30, "e")), { CUP: 15, no_prize: 15 });
  const [row] = await rowsOf(world);
  t.equal(row?.units.length, 60);
});

t.test("what is left is what all shards have", async (t) => {
  const world = await createWorld(t);
  const { servers } = await startServers(
    t,
    world,
    1,
    { id: "many", shards: 8 },
    [{ id: "CUP", total_quota: 100, daily_quota: 60 }],
  );
  await drawAll(servers, usersOf(25));
  const answer = await fetch(`${servers[0]?.url}/prizes?campaign=many`);
  const { data } = (await answer.json()) as { data: Record<string, never> };
  t.match(data.prizes?.[0] ?? data[0], { left_total: 75, left_today: 35 });
});

t.test("a shard that lost its data gets them back", async (t) => {
  const world = await createWorld(t);
  const { servers, time } = await startServers(
    t,
    world,
    2,
    { id: "many", shards: 4 },
    [{ id: "CUP", total_quota: 100 }],
  );
  t.same(await drawAll(servers, usersOf(40)), { CUP: 40 });
  await Promise.all(
    servers.flatMap(({ campaigns }) =>
      campaigns.lanes().map(({ settlements }) => settlements.idle()),
    ),
  );
  await world.redis.flushdb();
  time.set("2099-11-22T12:00:10Z");
  // Whoever has won is known, whoever has not draws on.
  const again = await drawAll(servers, usersOf(40));
  t.equal((again.CUP ?? 0) + (again.participated ?? 0), 40);
  t.same(await drawAll(servers, usersOf(100, "new")), {
    CUP: 60,
    no_prize: 40,
  });
  const [row] = await rowsOf(world);
  t.same(row?.units, upTo(100));
});

t.test("wins beyond a lowered quota count in it", async (t) => {
  const world = await createWorld(t);
  const { servers } = await startServers(
    t,
    world,
    2,
    { id: "many", shards: 4 },
    [{ id: "CUP", total_quota: 100 }],
  );
  let taken = (await drawAll(servers, usersOf(40))).CUP ?? 0;
  const wins = [taken];
  for (const quota of [50, 20, 60, 100]) {
    await world.sql`update prize set total_quota = ${quota} where campaign_id = 'many'`;
    for (const { campaigns } of servers) await campaigns.check();
    const counts = await drawAll(servers, usersOf(60, `of ${quota}`));
    taken += counts.CUP ?? 0;
    wins.push(taken);
  }
  t.same(wins, [40, 50, 50, 60, 100]);
});

t.test("a prize is gone until more of it is released", async (t) => {
  const world = await createWorld(t);
  const window = { release_from: "12:00:00", release_to: "13:00:00" };
  const { servers, time } = await startServers(
    t,
    world,
    2,
    { id: "many", shards: 4 },
    [{ id: "CUP", daily_quota: 60, ...window }],
  );
  const wins: (number | undefined)[] = [];
  for (const minute of [10, 11, 40, 59]) {
    time.set(`2099-11-22T12:${minute}:00Z`);
    for (const { campaigns } of servers) await campaigns.check();
    const users = usersOf(50, `at ${minute}`);
    wins.push((await drawAll(servers, users)).CUP);
  }
  t.same(wins, [10, 1, 29, 19]);
});

t.test("what one shard has comes to another, to the last unit", async (t) => {
  const world = await createWorld(t);
  const { servers } = await startServers(
    t,
    world,
    2,
    { id: "many", shards: 2 },
    [{ id: "CUP", total_quota: 10 }],
  );
  const of = (shard: number) =>
    usersOf(60).filter((user) => shardOf(user, 2) === shard);
  t.same(await drawAll(servers, of(1).slice(0, 1)), { CUP: 1 });
  const counts = await drawAll(servers, of(0).slice(0, 20));
  t.same(counts, { CUP: 9, no_prize: 11 });
});

t.test(
  "the number of shards is fixed where somebody may have drawn",
  async (t) => {
    const world = await createWorld(t);
    await startServers(t, world, 1, { id: "many", shards: 4 }, [{ id: "CUP" }]);
    await t.rejects(
      world.sql`update campaign set shards = 8 where id = 'many'`,
      { message: /that of many is fixed/ },
    );
    await world.sql`update campaign set active = false where id = 'many'`;
    await world.sql`update campaign set shards = 8 where id = 'many'`;
  },
);
