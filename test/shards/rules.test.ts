import t from "tap";
import type { Lane } from "../../src/campaigns/lane.js";
import type { Draw } from "../../src/engine/draw.js";
import { evaluate } from "../../src/engine/script.js";
import { systemRandom } from "../../src/random.js";
import { chiSquareOf } from "../support/chi-square.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { told } from "../support/post.js";
import { drawUntilToldIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { uniform } from "../support/uniform-rolls.js";
import { createWorld } from "../support/world.js";

// The rules of a campaign hold on several shards as on one.

const DAY = "2099-11-22";
const NOON = Date.parse(`${DAY}T12:00:00Z`);
const at = (seconds: number) => new Date(NOON + seconds * 1_000).toISOString();
const unlucky = { ...systemRandom, roll: () => 999_999_999 };
const usersOf = (count: number, name = "user") =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

type Server = Awaited<ReturnType<typeof startServer>>;

async function winsOf(server: Server, users: string[], key = "key") {
  let wins = 0;
  await inParallel(users, 50, async (user) => {
    const { body } = await drawUntilToldIn(server, "many", user, key);
    if (told(body) === "won") wins += 1;
  });
  return wins;
}

t.test("a moment waits for a draw of its shard, then for any", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime(at(0));
  const server = await startServer(t, world, {
    ...time.options(),
    random: unlucky,
  });
  await setCampaign(
    world,
    { id: "many", shards: 8 },
    [{ id: "CAR", probability: 0, total_quota: 40 }],
    server,
  );
  await world.sql`
    insert into moment (campaign_id, prize_id, at)
    select 'many', 'CAR', ${at(0)}::timestamptz from generate_series(1, 40)`;
  await server.campaigns.check();
  // One user draws again and again, day after day: their shard has some of the moments.
  t.equal(await winsOf(server, usersOf(400)), 40);
  await world.sql`
    update prize set total_quota = 43 where campaign_id = 'many'`;
  await world.sql`
    insert into moment (campaign_id, prize_id, at)
    select 'many', 'CAR', ${at(1)}::timestamptz from generate_series(1, 3)`;
  await server.campaigns.check();
  time.set(at(7));
  await server.campaigns.check();
  // Whoever comes then, wherever they belong.
  t.equal(await winsOf(server, usersOf(3, "late")), 3);
  const [row] = await world.sql`
    select count(*)::int as n, count(distinct moment_id)::int as moments from result where moment_id is not null`;
  t.same(row, { n: 43, moments: 43 });
});

t.test("the daily quota is released over the day", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime(`${DAY}T06:00:00Z`);
  const server = await startServer(t, world, time.options());
  await setCampaign(
    world,
    { id: "many", shards: 8 },
    [
      {
        id: "CUP",
        daily_quota: 100,
        release_from: "00:00",
        release_to: "24:00",
      },
    ],
    server,
  );
  const ends: number[] = [];
  for (const hour of ["06", "12", "18"]) {
    time.set(`${DAY}T${hour}:00:00Z`);
    ends.push(await winsOf(server, usersOf(40, hour)));
  }
  t.same(ends, [25, 25, 25]);
});

t.test("wins and draws of a user are limited", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, fakeTime(at(0)).options());
  await setCampaign(
    world,
    { id: "many", shards: 4, draws_per_day: 3, wins_per_user: 2 },
    [{ id: "CUP", daily_quota: 1_000 }],
    server,
  );
  for (const key of ["one", "two", "three"]) {
    const wins = await winsOf(server, usersOf(30), key);
    t.equal(wins, key === "three" ? 0 : 30, key);
  }
  const [row] = await world.sql`
    select max(n)::int as most from (select count(*) as n from result group by user_id) of_user`;
  t.equal(row?.most, 2);
});

t.test("a million rolls on sixteen shards match the table", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const odds = { A: 0.005, B: 0.02, C: 0.05, D: 0.0001, E: 0.1 };
  await setCampaign(
    world,
    { id: "many", shards: 16 },
    Object.entries(odds).map(([id, probability]) => ({ id, probability })),
    server,
  );
  const lanes = server.campaigns.lanes().filter((it) => it.shard !== undefined);
  t.equal(lanes.length, 16);
  const { redis, clock } = server;
  const day = clock.today();
  const source = uniform();
  const seen = new Map<string, number>();
  const total = 1_000_000;
  const batch = 1_000;
  for (let from = 0; from < total; from += batch) {
    const lane = lanes[(from / batch) % 16] as Lane;
    let draws: Draw[] = Array.from({ length: batch }, (_, n) => ({
      user_id: `u${from + n}`,
      draw_date: day.date,
      attempt: "attempt8",
      keyed: false,
      roll: source.next().value as number,
      id: "00000000-0000-4000-8000-000000000000",
      refused: "",
    }));
    while (draws.length > 0) {
      const epoch = lane.prizes.epoch(day.date) ?? "";
      const mark = { epoch, server: "test", batches: 0 };
      const at = { day, mark, now: clock.now(), limited: false };
      const answer = await evaluate(redis, lane.keys, at, draws);
      if (typeof answer === "string") throw new Error(answer);
      const again: Draw[] = [];
      for (const [n, decision] of answer.decisions.entries()) {
        if (decision.outcome === "starved") again.push(draws[n] as Draw);
        if (decision.outcome !== "won") continue;
        const { prize_id } = decision.win;
        seen.set(prize_id, (seen.get(prize_id) ?? 0) + 1);
      }
      const starved = answer.decisions.find((it) => it.outcome === "starved");
      if (starved) await lane.replenish?.get(starved.asks, day.date);
      draws = again;
    }
  }
  const chiSquare = chiSquareOf(odds, seen, total);
  t.comment(`chi-square ${chiSquare.toFixed(2)}, five degrees of freedom`);
  t.ok(
    chiSquare < 20.5,
    "below the value that chance passes once in a thousand",
  );
});

t.test("a simulation of a campaign on several shards", async (t) => {
  const world = await createWorld(t);
  const token = "0123456789abcdef0123456789abcdef";
  const server = await startServer(t, world, {
    settings: { ADMIN_TOKEN: token },
  });
  await setCampaign(
    world,
    { id: "many", shards: 4 },
    [{ id: "CUP", daily_quota: 100 }],
    server,
  );
  const answer = await fetch(`${server.url}/admin/simulation?campaign=many`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ draws: 500 }),
  });
  const lines = (await answer.text()).trim().split("\n");
  t.match(lines.at(-1), /"CUP"/);
  t.match(lines.at(-1), /100/);
});
