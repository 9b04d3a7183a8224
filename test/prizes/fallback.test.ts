import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { inParallel } from "../support/in-parallel.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// Whoever would get no prize gets the fallback, while it lasts.

type Server = Awaited<ReturnType<typeof startServer>>;

/** What these users' draws came to, each at one of the servers in turn: units of each prize, and of "none". */
async function drawAll(servers: Server[], users: string[]) {
  const counts: Record<string, number> = {};
  const numbered = [...users.entries()];
  await inParallel(numbered, 40, async ([n, user]) => {
    const server = servers[n % servers.length] as Server;
    const body = await until("an answer", async () => {
      const answer = await server.draw(user);
      if (answer.status !== 200) throw new Error(`${answer.status}`);
      return answer.body;
    });
    const won = told(body) === "won" ? body.data?.result?.prize_id : "none";
    counts[won ?? ""] = (counts[won ?? ""] ?? 0) + 1;
  });
  return counts;
}

const named = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

t.test("its units go to those without a prize, not one more", async (t) => {
  const world = await createWorld(t);
  const servers = [await startServer(t, world), await startServer(t, world)];
  const prizes = [
    { id: "CUP", probability: 0.3, daily_quota: 15 },
    { id: "PEN", probability: 0, daily_quota: 100, fallback: true },
  ];
  await setPrizes(world, prizes, ...servers);
  const first = await drawAll(servers, named("first", 50));
  t.equal(first.none, undefined, "nobody goes without");
  const counts = await drawAll(servers, named("then", 250));
  const [cups, pens] = ["CUP", "PEN"].map(
    (id) => (first[id] ?? 0) + (counts[id] ?? 0),
  );
  t.same({ cups, pens, none: counts.none }, { cups: 15, pens: 100, none: 185 });
  for (const server of servers) await server.settlements.idle();
  const rows = await world.sql`
    select prize_id, count(*)::int, max(day_unit) as most from result group by prize_id order by prize_id`;
  t.same(
    [...rows],
    [
      { prize_id: "CUP", count: 15, most: "15" },
      { prize_id: "PEN", count: 100, most: "100" },
    ],
  );
  t.same(await drawAll(servers, named("then", 3)), { none: 3 }, "once a day");
});

t.test(
  "first the prize of the roll, then the fallback and no other",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    const prizes = [
      { id: "A", probability: 0, fallback: true },
      { id: "CUP", probability: 1, daily_quota: 5 },
      { id: "ZED", probability: 0 },
    ];
    await setPrizes(world, prizes, server);
    t.same(await drawAll([server], named("user", 20)), { CUP: 5, A: 15 });
  },
);

t.test("after Redis lost everything it goes on where it was", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const prizes = [
    { id: "CUP", probability: 0.1, total_quota: 5 },
    { id: "PEN", probability: 0, total_quota: 30, fallback: true },
  ];
  await setPrizes(world, prizes, server);
  await drawAll([server], named("first", 20));
  await server.settlements.idle();
  await world.redis.flushdb();
  await drawAll([server], named("then", 40));
  const rows = await world.sql`
    select count(*)::int, max(unit) as most from result where prize_id = 'PEN'`;
  t.same([...rows], [{ count: 30, most: "30" }]);
  t.equal(await world.redis.hget(keys.taken, "PEN"), "30");
});

t.test("with odds of its own it has the others' rest as well", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const prizes = [
    { id: "PEN", probability: 0.5, fallback: true },
    { id: "ZEBRA", probability: 0.2, total_quota: 0 },
  ];
  await setPrizes(world, prizes, server);
  t.same(await drawAll([server], named("user", 40)), { PEN: 40 });
  await world.sql`update prize set active = false`;
  await server.prizes.reload();
  t.same(
    await drawAll([server], named("late", 5)),
    { none: 5 },
    "an inactive one is none",
  );
});

t.test("one active prize at most, whoever edits", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "A", fallback: true, probability: 0 }], server);
  await t.rejects(
    world.sql`insert into prize (id, title, probability, fallback) values ('B', 'a B', 0, true)`,
    { message: "fallback: only one active prize can be it, not A and B." },
  );
  await world.sql`insert into prize (id, title, probability, active, fallback) values ('B', 'a B', 0, false, true)`;
  await t.rejects(world.sql`update prize set active = true`, {
    message: /not A and B/,
  });
  await world.sql`update prize set active = true, fallback = id = 'B'`;
  await server.prizes.reload();
  const { data } = (await (await fetch(`${server.url}/prizes`)).json()) as {
    data: { prizes: object[] };
  };
  t.match(data.prizes, [
    { id: "A", fallback: false },
    { id: "B", fallback: true },
  ]);
});
