import t from "tap";
import { filesOfDay, holds } from "../support/logged-day.js";
import { drawUntilToldIn, setCampaign } from "../support/set-campaign.js";
import { closeDay, DAY, receiptOf, setUpProof } from "../support/verifiable.js";

// Days of campaigns on several shards: a log a shard, and the numbers that each may take are lines of it.

const OF = { campaign: "many", day: DAY };

t.test("few units on many shards, drawn by three servers", async (t) => {
  const set = await setUpProof(t, { servers: 3 });
  const { world, time, all, server } = set;
  await setCampaign(
    world,
    { id: "many", verifiable: true, shards: 4 },
    [
      { id: "CUP", probability: 0.3, total_quota: 40, daily_quota: 30 },
      { id: "PEN", probability: 0.4, daily_quota: 90 },
      { id: "TEA", probability: 0.1, fallback: true, total_quota: 60 },
    ],
    ...all,
  );
  const receipts: object[] = [];
  const draw = async (from: number, to: number) => {
    const answers = await Promise.all(
      Array.from({ length: to - from }, (_, n) =>
        drawUntilToldIn(
          all[n % 3] as typeof server,
          "many",
          `user ${from + n}`,
        ),
      ),
    );
    for (const answer of answers) {
      const receipt = receiptOf(answer);
      if (receipt) receipts.push(receipt);
    }
  };
  await draw(0, 100);
  await server.scheduler.tick();
  await draw(100, 200);
  await world.sql`update prize set total_quota = 50 where id = 'CUP'`;
  for (const one of all) await one.campaigns.check();
  await draw(200, 300);
  await closeDay(set);
  t.equal(receipts.length, 300);
  const said = await holds(t, world, OF, receipts);
  t.match(said, /Every outcome follows/);
  const lines = [...(await filesOfDay(world, OF))]
    .filter(([name]) => name.startsWith("log-"))
    .flatMap(([, text]) => text.split("\n"));
  t.ok(lines.some((line) => line.split("\t")[2] === "L"));
  time.set("2099-12-02T10:00:00Z");
  for (const one of all) await one.scheduler.tick();
  await draw(0, 150);
  const day = "2099-12-02";
  await closeDay(set, { day, after: "2099-12-03T00:00:30Z" });
  await holds(t, world, { campaign: "many", day }, receipts.slice(300));
});

t.test("a shard loses its data", async (t) => {
  const set = await setUpProof(t);
  const { world, time, server } = set;
  await setCampaign(
    world,
    { id: "many", verifiable: true, shards: 2 },
    [{ id: "CUP", probability: 0.6, total_quota: 60 }],
    server,
  );
  const draw = async (from: number, to: number) => {
    for (let n = from; n < to; n += 1) {
      await drawUntilToldIn(server, "many", `user ${n}`);
    }
  };
  await draw(0, 60);
  await server.scheduler.tick();
  await draw(60, 80);
  const lost = await world.redis.keys("*lucky-draw:many:1}*");
  await world.redis.del(...lost);
  await draw(0, 100);
  time.set("2099-12-01T10:00:20Z");
  for (let n = 0; n < 4; n += 1) await server.scheduler.tick();
  await draw(100, 180);
  await closeDay(set);
  await holds(t, world, OF);
  const [row] = await world.sql`
    select count(*)::int as n, max(unit)::int as last from result`;
  t.same(row, { n: 60, last: 60 });
});

t.test("a day is closed when the logs of all shards are", async (t) => {
  const set = await setUpProof(t);
  const { world, time, server } = set;
  await setCampaign(
    world,
    { id: "many", verifiable: true, shards: 2 },
    [{ id: "CUP", probability: 0.5 }],
    server,
  );
  for (let n = 0; n < 20; n += 1) {
    await drawUntilToldIn(server, "many", `user ${n}`);
  }
  time.set("2099-12-02T00:00:30Z");
  const first = server.campaigns.lanes().find(({ shard }) => shard === 0);
  await first?.keep.run();
  const closed = await world.sql<{ shard: number }[]>`
    select shard from proof_log where closed and campaign_id = 'many'`;
  t.same(
    closed.map(({ shard }) => shard),
    [0],
  );
  const [row] = await world.sql`
    select from proof_day where campaign_id = 'many' and close is not null`;
  t.equal(row, undefined);
  await closeDay(set);
  await holds(t, world, OF);
});
