import t from "tap";
import { parseWins } from "../../src/outbox/win.js";
import { systemRandom } from "../../src/random.js";
import { fakeTime } from "../support/fake-time.js";
import { holdResults } from "../support/hold-results.js";
import { inParallel } from "../support/in-parallel.js";
import { type Body, told } from "../support/post.js";
import {
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// Several draws a day: each as exact as the first.

type Server = Awaited<ReturnType<typeof startServer>>;

const left = (body: Body) =>
  (body.data as { draws_left?: number } | undefined)?.draws_left;

/** The draws of each user that an answer shows: a win by its id, every "no prize". */
function drawsShown(answers: { user: string; body: Body }[]) {
  const shown = new Map<string, Set<string>>();
  for (const [n, { user, body }] of answers.entries()) {
    const draws = shown.get(user) ?? new Set();
    shown.set(user, draws);
    const what = told(body);
    if (what === "won") draws.add(body.data?.result?.id ?? "");
    if (what === "no_prize") draws.add(`no prize ${n}`);
  }
  return shown;
}

async function drawAll(
  servers: Server[],
  campaign: string,
  asks: { user: string; key?: string }[],
) {
  const answers: { user: string; body: Body }[] = [];
  await inParallel([...asks.entries()], 200, async ([n, { user, key }]) => {
    const server = servers[n % servers.length] as Server;
    const { body } = await drawUntilToldIn(server, campaign, user, key);
    answers.push({ user, body });
  });
  for (const { campaigns } of servers) {
    await campaigns.lane(campaign).settlements.idle();
  }
  return answers;
}

const eightOf = (users: string[]) =>
  Array.from({ length: 8 }, () => users.map((user) => ({ user }))).flat();

const names = (count: number) =>
  Array.from({ length: count }, (_, n) => `user ${n}`);

async function rowsOf({ sql }: World) {
  return sql<{ user_id: string; numbers: number[] }[]>`
    select user_id, array_agg(draw_no::int order by draw_no) as numbers from result group by user_id`;
}

t.test(
  "three a day, eight requests at once of each of 200 users: exactly three each",
  async (t) => {
    const world = await createWorld(t);
    const servers = await Promise.all([1, 2].map(() => startServer(t, world)));
    await setCampaign(
      world,
      { id: "three", draws_per_day: 3 },
      [{ id: "CUP", probability: 0.5 }],
      ...servers,
    );
    const users = names(200);
    const answers = await drawAll(servers, "three", eightOf(users));
    const shown = drawsShown(answers);
    const wrong = users.filter((user) => shown.get(user)?.size !== 3);
    t.same(wrong, [], "every user has drawn three times");
    const [lane] = servers.map((it) => it.campaigns.lane("three"));
    const { date } = lane?.clock.today() ?? { date: "" };
    const counted = await world.redis.hget(
      lane?.keys.takenToday(date) ?? "",
      "@draws",
    );
    t.equal(counted, "600");
    const rows = await rowsOf(world);
    t.ok(rows.length > 150, `${rows.length} users won`);
    t.ok(
      rows.some(({ numbers }) => numbers.length === 3),
      "some won with every draw",
    );
    const more = await drawAll(
      servers,
      "three",
      users.map((user) => ({ user })),
    );
    t.same(
      new Set(more.map(({ body }) => told(body))),
      new Set(["participated"]),
    );
  },
);

t.test("each answer says how many are left", async (t) => {
  const world = await createWorld(t);
  const rolls = [0, 999_999_999, 0, 0].values();
  const random = { ...systemRandom, roll: () => rolls.next().value ?? 0 };
  const server = await startServer(t, world, { random });
  await setCampaign(
    world,
    { id: "three", draws_per_day: 3 },
    [{ id: "CUP", probability: 0.5 }],
    server,
  );
  const one = await drawIn(server, "three", "ann");
  t.same([told(one.body), left(one.body)], ["won", 2]);
  const two = await drawIn(server, "three", "ann", "key-2");
  t.same([told(two.body), left(two.body)], ["no_prize", 1]);
  t.equal(two.body.data?.message, "Unlucky! Please try again!");
  const again = await drawIn(server, "three", "ann", "key-2");
  t.same(again.body, two.body, "a key is its draw");
  const three = await drawIn(server, "three", "ann");
  t.same([told(three.body), left(three.body)], ["won", 0]);
  t.not(three.body.data?.result?.id, one.body.data?.result?.id);
  const four = await drawIn(server, "three", "ann");
  t.same([told(four.body), left(four.body)], ["participated", 0]);
  const late = await drawIn(server, "three", "ann", "key-2");
  t.equal(told(late.body), "no_prize", "the key is its draw to the end");
  t.equal(left((await server.draw("ann")).body), undefined, "not with one");
});

t.test("a win that was not told comes before the next draw", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, {
    random: { ...systemRandom, roll: () => 0 },
  });
  await setCampaign(
    world,
    { id: "three", draws_per_day: 3 },
    [{ id: "CUP", probability: 0.5 }],
    server,
  );
  const { keys, settlements } = server.campaigns.lane("three");
  const release = await holdResults(world);
  const controller = new AbortController();
  const leave = (key?: string) =>
    fetch(`${server.url}/draw`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key && { "idempotency-key": key }),
      },
      body: JSON.stringify({ username: "ann", campaign: "three" }),
      signal: controller.signal,
    }).catch(() => {});
  const leaving = [leave(), leave("key-of-ann")];
  await until("two wins", async () => {
    const { date } = server.clock.today();
    const draws = await world.redis.hget(keys.takenToday(date), "@draws");
    if (draws !== "2") throw new Error(`${draws}`);
  });
  controller.abort();
  await Promise.all(leaving);
  await release();
  await until("the marks", async () => {
    await settlements.idle();
    const mark = (await world.redis.hget(keys.pending, "ann")) ?? "";
    if (mark.split(",").length !== 2) throw new Error(mark);
  });
  const ids = new Set<string>();
  const told3 = [];
  for (const key of [undefined, undefined, undefined]) {
    const { body } = await drawIn(server, "three", "ann", key);
    await settlements.idle();
    ids.add(body.data?.result?.id ?? "");
    told3.push(left(body));
  }
  t.equal(ids.size, 3);
  t.same(told3, [1, 1, 0], "two told again, one drawn");
  const rows = await rowsOf(world);
  t.same([...rows], [{ user_id: "ann", numbers: [1, 2, 3] }]);
  const own = await drawIn(server, "three", "ann", "key-of-ann");
  t.ok(ids.has(own.body.data?.result?.id ?? ""), "the key has its own");
  t.equal(told((await drawIn(server, "three", "ann")).body), "participated");
  t.equal(await world.redis.hlen(keys.pending), 0);
});

t.test(
  "a new day gives three more, a key of the day before is kept",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T23:59:59.999Z");
    const server = await startServer(t, world, time.options());
    await setCampaign(
      world,
      { id: "two", draws_per_day: 2 },
      [{ id: "CUP", probability: 1 }],
      server,
    );
    const first = await drawIn(server, "two", "ann", "key-1");
    const second = await drawIn(server, "two", "ann", "key-2");
    await server.campaigns.lane("two").settlements.idle();
    time.set("2099-11-23T00:00:00.000Z");
    const fresh = await drawIn(server, "two", "ann");
    t.equal(left(fresh.body), 1);
    await server.campaigns.lane("two").settlements.idle();
    const again = await drawIn(server, "two", "ann", "key-2");
    t.equal(again.body.data?.result?.id, second.body.data?.result?.id);
    const before = await drawIn(server, "two", "ann", "key-1");
    t.equal(before.body.data?.result?.id, first.body.data?.result?.id);
    t.equal(left((await drawIn(server, "two", "ann")).body), 0);
    const rows =
      await world.sql`select draw_date::text, draw_no from result order by 1, 2`;
    t.equal(rows.length, 4);
  },
);

t.test("an emptied Redis: nobody gets more than three wins", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all([1, 2].map(() => startServer(t, world)));
  await setCampaign(
    world,
    { id: "three", draws_per_day: 3 },
    [{ id: "CUP", probability: 1 }],
    ...servers,
  );
  const users = names(50);
  const asks = eightOf(users);
  const middle = Math.floor(asks.length / 3);
  const one = await drawAll(servers, "three", asks.slice(0, middle));
  const running = drawAll(servers, "three", asks.slice(middle));
  await world.redis.flushdb();
  const two = await running;
  await drawAll(servers, "three", asks);
  await drawAll(servers, "three", asks);
  const rows = await rowsOf(world);
  const numbers = rows.map((row) => row.numbers.join());
  t.same(new Set(numbers), new Set(["1,2,3"]), "all have all three");
  const known = await world.sql<{ id: string }[]>`select id from result`;
  const ids = new Set(known.map(({ id }) => id));
  const lost = [...one, ...two].filter(({ body }) => {
    const id = body.data?.result?.id;
    return id !== undefined && !ids.has(id);
  });
  t.same(lost, [], "every announced win has its row");
});

t.test("an entry with two wins of a user goes with the second", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setCampaign(
    world,
    { id: "two", draws_per_day: 2 },
    [{ id: "CUP" }],
    server,
  );
  const { keys, settlements, clock } = server.campaigns.lane("two");
  const { date } = clock.today();
  const ticket = (attempt: string) =>
    `-${attempt}000000000${crypto.randomUUID()}ann`;
  const text = [
    [date, Date.now()],
    ["CUP", 0, 0],
    ["CUP", ticket("attempt1"), "CUP/2", ticket("attempt2")],
  ];
  const wins = text.map((line) => line.join("\t")).join("\n");
  const id = (await world.redis.xadd(keys.outbox, "*", "wins", wins)) ?? "";
  const [one, two] = parseWins(id, wins);
  t.match([one, two], [{ draw_no: 1 }, { draw_no: 2 }]);
  for (const [n, win] of [one, two].entries()) {
    if (win) await settlements.add({ ...win, telling: "told" });
    t.equal(await world.redis.xlen(keys.outbox), 1 - n);
  }
});
