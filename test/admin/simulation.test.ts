import t from "tap";
import { simulate } from "../../src/admin/simulation/simulate.js";
import { readTable } from "../../src/prizes/in-force.js";
import { systemRandom } from "../../src/random.js";
import { keys } from "../../src/stores/keys.js";
import { ADMIN, ADMIN_TOKEN, adminOf } from "../support/admin-calls.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { bound } from "../support/slowdown.js";
import { startServer } from "../support/start-server.js";
import { uniform } from "../support/uniform-rolls.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

type Wins = Record<string, number>;

type End = {
  draws: number;
  no_prize: number;
  prizes: {
    id: string;
    title: string;
    wins: number;
    sold_out_at_draw: number | null;
  }[];
  points: { draws: number; wins: Wins }[];
};

const NEVER = new AbortController().signal;

/** Starts a simulation over HTTP. */
const start = (url: string, body: object, signal = NEVER) =>
  fetch(`${url}/admin/simulation`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
    signal,
  });

async function linesOf(answer: Response) {
  const lines = (await answer.text()).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** Runs a simulation over HTTP to its end. */
async function run(url: string, body: object): Promise<End> {
  const lines = await linesOf(await start(url, body));
  return lines.at(-1).data;
}

const simulated = ({ redis }: World) =>
  redis.keys(`${keys.prizes.replace("prizes", "simulation")}*`);

const prize = ({ prizes }: End, id: string) =>
  prizes.find((it) => it.id === id);

/** Every key outside of simulations, with its whole value; except the samples of the minutes, which go on. */
async function everything({ redis }: World) {
  const names = (await redis.keys("*")).filter(
    (it) => !/simulation/.test(it) && it !== keys.minutes,
  );
  const dumps = names
    .sort()
    .map(async (name) => [name, await redis.dumpBuffer(name)] as const);
  return Promise.all(dumps);
}

t.test("what comes out has the odds of the table", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const { redis, prizes } = server;
  const odds: Wins = { A: 0.005, B: 0.02, C: 0.05, D: 0.3 };
  const rows = Object.entries(odds).map(([id, probability]) => ({
    id,
    probability,
  }));
  await setPrizes(world, rows, { prizes });
  const table = await readTable(redis, keys);
  if (!table) throw new Error("no table");
  const rolls = uniform();
  const random = { ...systemRandom, roll: () => rolls.next().value as number };
  const draws = 20_000;
  const simulation = { table, taken: () => 0, draws };
  let end: End | undefined;
  for await (const step of simulate(
    { scope: server, random },
    simulation,
    NEVER,
  )) {
    if ("end" in step) end = step.end;
  }
  if (!end) throw new Error("no end");
  const none = 1 - Object.values(odds).reduce((sum, p) => sum + p, 0);
  const cells = end.prizes.map(({ id, wins }) => ({
    p: odds[id] ?? 0,
    n: wins,
  }));
  cells.push({ p: none, n: end.no_prize });
  const chiSquare = cells.reduce(
    (sum, { p, n }) => sum + (n - p * draws) ** 2 / (p * draws),
    0,
  );
  t.comment(`chi-square ${chiSquare.toFixed(2)}, four degrees of freedom`);
  t.ok(chiSquare < 18.47, "what chance passes once in a thousand");
  t.equal(end.points.length, 101);
  t.same(end.points[0], { draws: 0, wins: { A: 0, B: 0, C: 0, D: 0 } });
  t.same(end.points.at(-1), {
    draws,
    wins: Object.fromEntries(end.prizes.map(({ id, wins }) => [id, wins])),
  });
});

t.test("quotas hold, and what is taken already counts", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(
    world,
    [
      { id: "DAILY", probability: 0.5, daily_quota: 100, total_quota: 5_000 },
      { id: "TOTAL", probability: 0.5, daily_quota: 9_000, total_quota: 70 },
    ],
    server,
  );
  for (let n = 0; n < 30; n += 1) await server.draw(`user${n}`);
  const taken = Number((await world.redis.hget(keys.taken, "TOTAL")) ?? 0);
  t.ok(taken > 0, "some were taken");

  const end = await run(server.url, { draws: 2_000 });
  t.match(prize(end, "DAILY"), { wins: 100, title: "a DAILY" }, "a fresh day");
  t.equal(prize(end, "TOTAL")?.wins, 70 - taken, "what is left of the total");
  t.equal(end.no_prize, 2_000 - 100 - (70 - taken));
  const at = prize(end, "DAILY")?.sold_out_at_draw ?? 0;
  t.ok(at >= 100 && at < 400, `sold out at draw ${at}`);
  const [before, after] = [
    end.points.findLast((point) => point.draws < at),
    end.points.find((point) => point.draws >= at),
  ];
  t.ok((before?.wins.DAILY ?? 0) < 100, "not before");
  t.equal(after?.wins.DAILY, 100, "then");
});

t.test("prizes that are not published yet", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const admin = adminOf(server.url);
  await setPrizes(world, [{ id: "OLD", probability: 1 }], server);
  const before = (await admin("GET", "/prizes")).data;

  // As floats these sum to less than 0.8 before the last.
  const prizes = [
    { id: "A", title: "a", probability: 0.1 },
    { id: "B", title: "b", probability: 0.7, daily_quota: 5 },
    { id: "C", title: "c", probability: 0.2, daily_quota: 0 },
    { id: "D", title: "d", probability: 0.9, active: false },
  ];
  const end = await run(server.url, { draws: 300, prizes });
  t.same(
    end.prizes.map(({ id }) => id),
    ["A", "B", "C"],
    "the active ones, and none of those in force",
  );
  t.match(prize(end, "B"), { wins: 5 });
  t.match(prize(end, "C"), { wins: 0, sold_out_at_draw: 0 });
  t.match(prize(end, "A"), { sold_out_at_draw: null });

  const after = (await admin("GET", "/prizes")).data;
  t.same(after, before, "nothing was saved");
  const history = (await admin("GET", "/history")).data.changes;
  t.notMatch(JSON.stringify(history), "simulation");

  for (const [body, sentence] of [
    [{ draws: 0 }, "draws: must be a whole number from 1 to 200000."],
    [{ draws: 200_001 }, "draws: must be a whole number from 1 to 200000."],
    [{}, "draws: is missing."],
    [
      { draws: 1, prizes: [{ ...prizes[0], probability: 1.5 }] },
      "prizes[0].probability: must be a number from 0 to 1.",
    ],
    [
      { draws: 1, prizes: [prizes[1], { ...prizes[0], probability: 0.5 }] },
      "probability: the odds of the active prizes would sum to 1.2; lower them to 1 at most.",
    ],
  ] as const) {
    const refused = await admin("POST", "/simulation", body);
    t.match(refused, { status: 400, error: sentence, code: "INVALID_REQUEST" });
  }
  const [anybody] = await Promise.all([
    fetch(`${server.url}/admin/simulation`, { method: "POST" }),
  ]);
  t.equal(anybody.status, 401);
});

t.test("real draws go on and nothing of theirs is touched", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
  for (let n = 0; n < 20; n += 1) await server.draw(`user${n}`);
  await until("an empty outbox", async () => {
    if (await world.redis.xlen(keys.outbox)) throw new Error("not yet");
  });
  const before = await everything(world);
  const rows = await world.sql`select * from result order by id`;
  const answer = await start(server.url, { draws: 10_000 });
  const lines = await linesOf(answer);
  t.equal(answer.headers.get("content-type"), "application/x-ndjson");
  t.same(await everything(world), before, "not one other key has changed");
  t.same(await world.sql`select * from result order by id`, rows);
  t.same(await simulated(world), [], "its own are gone");
  const progress = lines.slice(0, -1).map((line) => line.progress.draws);
  t.ok(progress.length > 2, `told ${progress.length} times how far it is`);
  t.same(
    progress,
    progress.toSorted((a, b) => a - b),
  );
  t.ok(lines.every((line) => !line.progress || line.progress.of === 10_000));

  const running = start(server.url, { draws: 200_000 });
  const { body } = await running;
  const reader = body?.getReader();
  await reader?.read();
  t.not((await simulated(world)).length, 0, "it is running");
  const second = await adminOf(server.url)("POST", "/simulation", { draws: 1 });
  t.match(second, { status: 503, code: "UNAVAILABLE" }, "one at a time");
  t.match(second.error, "A simulation is under way");
  const times: number[] = [];
  for (let n = 0; n < 50; n += 1) {
    const began = performance.now();
    const { status, body } = await server.draw(`another${n}`);
    times.push(performance.now() - began);
    t.not(told(body), "failed");
    t.equal(status, 200);
  }
  times.sort((a, b) => a - b);
  t.comment(`draws meanwhile: median ${times[25]?.toFixed(1)} ms`);
  await reader?.cancel();
  await until("its end", async () => {
    if ((await simulated(world)).length) throw new Error("it has keys yet");
  });
  await until("the next one", async () => {
    await run(server.url, { draws: 10 }).then(({ draws }) => draws === 10);
  });
});

t.test("a hang-up, and a stop of the server, end it", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
  for (let n = 0; n < 5; n += 1) {
    // At whatever moment: before the answer begins, too.
    const hangUp = new AbortController();
    const going = start(server.url, { draws: 200_000 }, hangUp.signal);
    if (n > 2) await going;
    else
      await until("its keys", async () => {
        if (!(await simulated(world)).length) throw new Error("none yet");
      });
    hangUp.abort();
    await going.catch(() => {});
    await until("no keys", async () => {
      if ((await simulated(world)).length) throw new Error("still some");
    });
    await until("room for the next", async () => {
      const lines = await linesOf(await start(server.url, { draws: 1 }));
      const { success, error } = lines.at(-1);
      if (!success) throw new Error(error);
    });
  }

  const answer = await start(server.url, { draws: 200_000 });
  const began = performance.now();
  const [lines] = await Promise.all([linesOf(answer), server.close()]);
  t.ok(performance.now() - began < bound(2_000), "it stops at once");
  t.match(lines.at(-1), { success: false, code: "UNAVAILABLE" });
  t.same(await simulated(world), [], "its keys are gone");
});

t.test("while it runs each of its keys has an expiry", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
  const answer = await start(server.url, { draws: 200_000 });
  const kinds = new Set<string>();
  const lasting: string[] = [];
  for (let n = 0; n < 40; n += 1) {
    for (const name of await simulated(world)) {
      if ((await world.redis.ttl(name)) === -1) lasting.push(name);
      kinds.add(name.split(":")[3] ?? "");
    }
  }
  t.same(lasting, []);
  t.ok(kinds.has("outbox") && kinds.has("taken") && kinds.has("prizes"));
  t.ok(
    (await world.redis.dbsize()) < 400,
    "participants are forgotten on the way",
  );
  await answer.body?.cancel();
});
