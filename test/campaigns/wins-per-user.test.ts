import t from "tap";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { told } from "../support/post.js";
import {
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// Who has won as often as the campaign lets them draws on, but wins nothing more.

type Server = Awaited<ReturnType<typeof startServer>>;

const names = (count: number) =>
  Array.from({ length: count }, (_, n) => `user ${n}`);

async function mostWins(world: Awaited<ReturnType<typeof createWorld>>) {
  const [row] = await world.sql`
    select max(n)::int as most, count(*)::int as users from (
      select count(*) as n from result group by user_id) as of_user`;
  return [row?.most, row?.users];
}

t.test("one win, eight requests at once of each of 200 users", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all([1, 2].map(() => startServer(t, world)));
  await setCampaign(
    world,
    { id: "once", draws_per_day: 3, wins_per_user: 1 },
    [{ id: "CUP", probability: 0.7 }],
    ...servers,
  );
  const asks = Array.from({ length: 8 }, () => names(200)).flat();
  let wins = 0;
  await inParallel([...asks.entries()], 200, async ([n, user]) => {
    const server = servers[n % 2] as Server;
    const { body } = await drawUntilToldIn(server, "once", user);
    if (told(body) === "won") wins += 1;
  });
  t.same((await mostWins(world))[0], 1);
  t.ok(wins >= 180, `${wins} were told a win`);
  const [row] =
    await world.sql`select count(*)::int as n from result where win_no <> 1`;
  t.equal(row?.n, 0);
});

t.test("over days, and after Redis lost everything", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T12:00:00Z");
  const servers = await Promise.all(
    [1, 2].map(() => startServer(t, world, time.options())),
  );
  await setCampaign(
    world,
    { id: "twice", wins_per_user: 2 },
    [{ id: "CUP" }],
    ...servers,
  );
  const outcomes: string[] = [];
  for (const day of [22, 23, 24, 25]) {
    time.set(`2099-11-${day}T12:00:00Z`);
    if (day === 24) await world.redis.flushdb();
    const [one, other] = servers as [Server, Server];
    const ends = await Promise.all([
      drawUntilToldIn(one, "twice", "ann"),
      drawUntilToldIn(other, "twice", "ann"),
    ]);
    outcomes.push(...new Set(ends.map(({ body }) => told(body))));
    for (const it of servers) {
      await it.campaigns.lane("twice").settlements.idle();
    }
  }
  const wins = outcomes.filter((it) => it === "won");
  t.equal(wins.length, 2, outcomes.join());
  t.equal(outcomes.at(-1) === "won", false);
  const { taken } = servers[0]?.campaigns.lane("twice").keys ?? { taken: "" };
  const units = await world.redis.hget(taken, "CUP");
  t.equal(units, "2", "Redis knew it: Postgres refused none");
  t.same(await mostWins(world), [2, 1]);
});

t.test("emptied in the middle of a crowd", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all([1, 2].map(() => startServer(t, world)));
  await setCampaign(
    world,
    { id: "once", draws_per_day: 5, wins_per_user: 1 },
    [{ id: "CUP" }],
    ...servers,
  );
  const asks = Array.from({ length: 10 }, () => names(60)).flat();
  await inParallel([...asks.entries()], 60, async ([n, user]) => {
    if (n === 150 || n === 400) await world.redis.flushdb();
    await drawUntilToldIn(servers[n % 2] as Server, "once", user);
  });
  t.same(await mostWins(world), [1, 60]);
});

t.test("a limit that comes later counts the wins of before", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T12:00:00Z");
  const server = await startServer(t, world, time.options());
  await setCampaign(world, { id: "late" }, [{ id: "CUP" }], server);
  t.equal(told((await drawIn(server, "late", "ann")).body), "won");
  await server.campaigns.lane("late").settlements.idle();
  await setCampaign(world, { id: "late", wins_per_user: 1 }, [], server);
  time.set("2099-11-23T12:00:00Z");
  t.equal(told((await drawIn(server, "late", "ann")).body), "no_prize");
  t.equal(told((await drawIn(server, "late", "bob")).body), "won");
  await until("all counted", async () => {
    await server.scheduler.tick();
    time.set("2099-11-23T12:01:00Z");
    const { prizes } = server.campaigns.lane("late");
    const days = prizes.restoring();
    if (days.length > 0) throw new Error(days.join());
  });
  time.set("2099-11-24T12:00:00Z");
  for (const user of ["ann", "bob"]) {
    t.equal(told((await drawIn(server, "late", user)).body), "no_prize");
  }
  t.equal(told((await drawIn(server, "late", "cyd")).body), "won");
});

t.test("a win that Postgres refuses does not count", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T12:00:00Z");
  const server = await startServer(t, world, time.options());
  await setCampaign(
    world,
    { id: "once", wins_per_user: 1 },
    [{ id: "CUP", total_quota: 1 }],
    server,
  );
  // Somebody has the only unit, and Redis does not know.
  await world.sql`
    insert into result (id, user_id, campaign_id, prize_id, draw_date, unit, day_unit, created_at, win_no)
    values (gen_random_uuid(), 'bob', 'once', 'CUP', '2099-11-22', 1, 1, now(), 1)`;
  t.equal(told((await drawIn(server, "once", "ann")).body), "no_prize");
  await world.sql`update prize set total_quota = 5 where campaign_id = 'once'`;
  await server.campaigns.check();
  time.set("2099-11-23T12:00:00Z");
  t.equal(told((await drawIn(server, "once", "ann")).body), "won");
  // Redis may have got bob's win back, and tell it first.
  for (let n = 0; n < 2; n += 1) {
    await drawIn(server, "once", "bob");
    await server.campaigns.lane("once").settlements.idle();
  }
  t.same(await mostWins(world), [1, 2]);
});
