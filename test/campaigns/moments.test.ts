import t from "tap";
import { systemRandom } from "../../src/random.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { told } from "../support/post.js";
import {
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld, type World } from "../support/world.js";

// Winning moments: each claimed once, by the first draw from then on.

type Server = Awaited<ReturnType<typeof startServer>>;

const unlucky = { ...systemRandom, roll: () => 999_999_999 };

async function addMoments(
  { sql }: World,
  prize: string,
  moments: string[],
  ...servers: Server[]
) {
  for (const at of moments) {
    await sql`
      insert into moment (campaign_id, prize_id, at) values ('m', ${prize}, ${at})`;
  }
  for (const server of servers) await server.campaigns.check();
}

const NOON = Date.parse("2099-11-22T12:00:00Z");
const at = (seconds: number) => new Date(NOON + seconds * 1_000).toISOString();

for (const emptied of [false, true]) {
  t.test(
    `500 users race for 50 moments of which 30 are due${emptied ? ", and Redis is emptied" : ""}`,
    async (t) => {
      const world = await createWorld(t);
      const time = fakeTime(at(0));
      const servers = await Promise.all(
        [1, 2].map(() => startServer(t, world, time.options())),
      );
      await setCampaign(
        world,
        { id: "m" },
        [{ id: "CAR", probability: 0 }],
        ...servers,
      );
      const due = Array.from({ length: 30 }, (_, n) => at(-n));
      const later = Array.from({ length: 20 }, (_, n) => at(3_600 + n));
      await addMoments(world, "CAR", [...due, ...later], ...servers);
      const users = Array.from({ length: 500 }, (_, n) => `user ${n}`);
      const won: string[] = [];
      await inParallel([...users.entries()], 250, async ([n, user]) => {
        if (emptied && (n === 20 || n === 250)) await world.redis.flushdb();
        const server = servers[n % 2] as Server;
        const { body } = await drawUntilToldIn(server, "m", user);
        if (told(body) === "won") won.push(body.data?.result?.id ?? "");
      });
      // Somebody comes after the last of the crowd, whatever Redis forgot.
      for (let n = 0; n < 40; n += 1) {
        const server = servers[n % 2] as Server;
        const { body } = await drawUntilToldIn(server, "m", `late ${n}`);
        if (told(body) === "won") won.push(body.data?.result?.id ?? "");
      }
      for (const { campaigns } of servers) {
        await campaigns.lane("m").settlements.idle();
      }
      const rows = await world.sql<{ id: string; at: Date }[]>`
        select r.id, m.at from result r join moment m on m.id = r.moment_id`;
      t.equal(rows.length, 30, "each claimed once");
      t.ok(rows.every((row) => row.at.getTime() <= NOON));
      const ids = new Set(rows.map(({ id }) => id));
      t.same(
        won.filter((id) => !ids.has(id)),
        [],
        "every announced win has its row and moment",
      );
      if (!emptied) {
        t.equal(new Set(won).size, 30);
        const { taken } = servers[0]?.campaigns.lane("m").keys ?? { taken: "" };
        const units = await world.redis.hget(taken, "CAR");
        t.equal(units, "30", "no claim was refused");
      }
      const [count] = await world.sql`select count(*)::int as n from result`;
      t.equal(count?.n, 30);
    },
  );
}

t.test("the oldest first, before the roll, to the millisecond", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime(at(-1));
  const server = await startServer(t, world, {
    ...time.options(),
    random: { ...systemRandom, roll: () => 0 },
  });
  await setCampaign(
    world,
    { id: "m" },
    [
      { id: "CAR", probability: 0 },
      { id: "BOAT", probability: 0 },
      { id: "PEN", probability: 0.5 },
    ],
    server,
  );
  await addMoments(world, "CAR", [at(0)], server);
  await addMoments(world, "BOAT", [at(-0.5)], server);
  const draw = async (user: string) => {
    const { body } = await drawIn(server, "m", user);
    return body.data?.result?.prize_id;
  };
  t.equal(await draw("ann"), "PEN", "none is due");
  time.set("2099-11-22T11:59:59.499Z");
  t.equal(await draw("bob"), "PEN");
  time.set("2099-11-22T11:59:59.500Z");
  t.equal(await draw("cyd"), "BOAT");
  time.set("2099-11-22T11:59:59.999Z");
  t.equal(await draw("dan"), "PEN");
  time.set(at(10));
  const all = await Promise.all(["eve", "fay", "gil"].map(draw));
  t.same(all.sort(), ["CAR", "PEN", "PEN"]);
});

t.test("a moment without a unit waits for one", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime(at(0));
  const server = await startServer(t, world, {
    ...time.options(),
    random: unlucky,
  });
  await setCampaign(
    world,
    { id: "m", wins_per_user: 1 },
    [
      { id: "CAR", probability: 0, daily_quota: 1 },
      { id: "PEN", probability: 0 },
    ],
    server,
  );
  await addMoments(world, "CAR", [at(-3), at(-2)], server);
  await addMoments(world, "PEN", [at(-1)], server);
  const draw = async (user: string) => {
    const { body } = await drawIn(server, "m", user);
    return body.data?.result?.prize_id ?? told(body);
  };
  t.equal(await draw("ann"), "CAR");
  t.equal(await draw("bob"), "PEN", "the second car waits for tomorrow");
  t.equal(await draw("cyd"), "no_prize");
  await server.campaigns.lane("m").settlements.idle();
  time.set(at(86_400));
  t.equal(await draw("ann"), "no_prize", "who has won enough claims none");
  t.equal(await draw("dan"), "CAR");
  const rows =
    await world.sql`select 1 from result where moment_id is not null`;
  t.equal(rows.length, 3);
});

t.test("a claim that comes to nothing is open again", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime(at(0));
  const server = await startServer(t, world, {
    ...time.options(),
    random: unlucky,
  });
  await setCampaign(
    world,
    { id: "m" },
    [{ id: "CAR", probability: 0, total_quota: 3 }],
    server,
  );
  await addMoments(world, "CAR", [at(-1)], server);
  // Somebody has unit 1, which Redis does not know: the claim's row is refused, and it is decided again.
  await world.sql`
    insert into result (id, user_id, campaign_id, prize_id, draw_date, unit, day_unit, created_at)
    values (gen_random_uuid(), 'zoe', 'm', 'CAR', '2099-11-22', 1, 1, now())`;
  const { body } = await drawIn(server, "m", "ann");
  t.equal(body.data?.result?.prize_id, "CAR");
  await server.campaigns.lane("m").settlements.idle();
  const rows =
    await world.sql`select unit from result where moment_id is not null`;
  t.same([...rows], [{ unit: "2" }]);
  // And one whose user had a row already gives it back.
  await addMoments(world, "CAR", [at(-1)], server);
  await world.sql`
    insert into result (id, user_id, campaign_id, prize_id, draw_date, unit, day_unit, created_at)
    values (gen_random_uuid(), 'bob', 'm', 'CAR', '2099-11-22', 99, 99, now())`;
  await drawIn(server, "m", "bob");
  const next = await drawIn(server, "m", "cyd");
  t.equal(next.body.data?.result?.prize_id ?? told(next.body), "no_prize");
});

t.test("moments that are deleted or moved", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime(at(0));
  const server = await startServer(t, world, {
    ...time.options(),
    random: unlucky,
  });
  await setCampaign(
    world,
    { id: "m" },
    [{ id: "CAR", probability: 0 }],
    server,
  );
  await addMoments(world, "CAR", [at(-1), at(60)], server);
  await world.sql`delete from moment where at < ${at(0)}`;
  await world.sql`update moment set at = ${at(30)}`;
  await server.campaigns.check();
  t.equal(told((await drawIn(server, "m", "ann")).body), "no_prize");
  time.set(at(30));
  t.equal(told((await drawIn(server, "m", "bob")).body), "won");
  await server.campaigns.lane("m").settlements.idle();
  await t.rejects(world.sql`delete from moment`, { message: /is claimed/ });
  await t.rejects(
    world.sql`insert into moment (campaign_id, prize_id, at) values ('m', 'NONE', now())`,
    { message: "campaign m has no prize NONE" },
  );
});
