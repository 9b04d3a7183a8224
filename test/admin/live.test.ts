import { connect } from "node:net";
import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { ADMIN, ADMIN_TOKEN } from "../support/admin-calls.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { watch } from "../support/live-events.js";
import { post } from "../support/post.js";
import { startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { startStores } from "../support/stores.js";
import { until } from "../support/until.js";
import { createWorld, ownWorld } from "../support/world.js";

const PRIZES = [
  { id: "NEVER", probability: 0, daily_quota: 10 },
  { id: "SURE", probability: 1, daily_quota: 50, total_quota: 80 },
];

t.test("a draw is in the stream within two seconds", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(world, PRIZES, server);
  const viewer = await watch(server.url);
  t.equal(viewer.status, 200);
  t.equal(viewer.headers.get("content-type"), "text/event-stream");
  t.equal(viewer.headers.get("cache-control"), "no-store");
  const first = await viewer.see("figures", () => true);
  t.match(first, {
    stale: false,
    problem: null,
    time_zone: "UTC",
    date: server.clock.today().date,
    resets_at: server.clock.today().resetsAt,
    today: { draws: 0, wins: 0, redemptions: 0, forfeited: 0 },
    ever: { draws: 0, wins: 0, redemptions: 0, forfeited: 0 },
    outbox: { entries: 0, oldest_seconds: null },
    refusals: {},
  });

  const began = performance.now();
  const { body } = await server.draw("ann");
  await viewer.see("the draw", ({ today }) => today.draws === 1);
  const took = (viewer.events.at(-1)?.came ?? 0) - began;
  t.comment(`${Math.round(took)} ms from the draw to the stream`);
  t.ok(took < 2_000);

  await server.draw("ann");
  await server.draw("  ");
  await post(`${server.url}/redeem`, {
    id: body.data?.result?.id,
    username: "ann",
  });
  const last = await viewer.see(
    "the redemption",
    ({ today }) => today.redemptions === 1,
  );
  t.match(last, {
    today: { draws: 1, wins: 1, redemptions: 1 },
    ever: { draws: 1, wins: 1, redemptions: 1 },
    refusals: { INVALID_REQUEST: 1 },
    prizes: [
      { id: "NEVER", left_today: 10, forecast: { warning: null } },
      {
        id: "SURE",
        title: "a SURE",
        taken_today: 1,
        left_today: 49,
        left_total: 79,
        forecast: { daily_out_at: null, total_out_at: null },
      },
    ],
  });
  t.same(
    viewer.events.map(({ id }) => Number(id)),
    viewer.events.map((_, n) => n + Number(viewer.events[0]?.id)),
    "one after another",
  );
});

t.test("who has no token sees nothing", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  t.equal((await watch(server.url, "wrong")).status, 401);
});

t.test("two viewers, one poll; no viewer, none", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(world, PRIZES, server);
  const monitor = await world.redis.monitor();
  t.teardown(() => monitor.disconnect());
  const database = new URL(world.redisUrl).pathname.slice(1);
  let polls = 0;
  monitor.on("monitor", (_time, [command, key], _source, db) => {
    const isPoll = command?.toLowerCase() === "xrange" && key === keys.minutes;
    if (isPoll && db === database) polls += 1;
  });
  const [one, other] = [await watch(server.url), await watch(server.url)];
  await one.see("events", () => one.events.length >= 4);
  await other.see("events", () => other.events.length >= 3);
  const ids = new Map(one.events.map(({ id, figures }) => [id, figures.at]));
  const common = other.events.filter(({ id }) => ids.has(id));
  t.ok(common.length >= 3);
  for (const { id, figures } of common) t.equal(figures.at, ids.get(id));
  const events = Number(one.events.at(-1)?.id);
  t.ok(polls <= events + 1, `${polls} polls for ${events} events`);

  other.hangUp();
  const before = one.events.length;
  await one.see("more events", () => one.events.length > before + 1);
  one.hangUp();
  // The poll under way may still come; then the loop finds nobody there.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const seen = polls;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  t.equal(polls, seen, "nobody is there, nothing is asked");

  const again = await watch(server.url);
  t.ok(await again.see("figures again", ({ stale }) => !stale));
});

t.test("at most fifty", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(world, PRIZES, server);
  const viewers = await Promise.all(
    Array.from({ length: 50 }, () => watch(server.url)),
  );
  t.same(new Set(viewers.map(({ status }) => status)), new Set([200]));
  const late = await watch(server.url);
  t.equal(late.status, 503);
  t.match(late.headers.get("retry-after"), /^[1-4]$/);
  viewers[0]?.hangUp();
  await until("room", async () => {
    const { status } = await watch(server.url);
    if (status !== 200) throw new Error(`${status}`);
  });
  const began = performance.now();
  const closing = server.close();
  await Promise.all(viewers.slice(1).map(({ ended }) => ended));
  t.ok(performance.now() - began < 2_000, "a stop ends all of them, well");
  await closing;
});

t.test("who does not read is dropped, and the others go on", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  // Events of a megabyte fill every buffer in between.
  const many = Array.from({ length: 2_000 }, (_, n) => ({
    id: `P${n}`,
    title: "a".repeat(200),
    probability: 0,
    daily_quota: n,
  }));
  await setPrizes(world, many, server);
  const { port } = new URL(server.url);
  const deaf = connect(Number(port), "127.0.0.1");
  let closed = false;
  deaf
    .on("error", () => {})
    .on("close", () => {
      closed = true;
    });
  deaf.pause();
  deaf.write(
    `GET /admin/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`,
  );
  const viewer = await watch(server.url);
  const connections = () =>
    new Promise((resolve, reject) => {
      server.app.server.getConnections((error, n) =>
        error ? reject(error) : resolve(n),
      );
    });
  await until(
    "its end",
    async () => {
      if ((await connections()) !== 1) throw new Error("still there");
    },
    60_000,
  );
  t.ok(viewer.events.length > 5, `after ${viewer.events.length} events`);
  const before = viewer.events.length;
  await viewer.see("more", () => viewer.events.length > before + 1);
  deaf.resume();
  await until("it hears of it", async () => {
    if (!closed) throw new Error("not yet");
  });
});

t.test("a store that goes away and comes back", async (t) => {
  const stores = await startStores();
  t.teardown(stores.close);
  const world = ownWorld(t, stores);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(world, PRIZES, server);
  await server.draw("ann");
  const viewer = await watch(server.url);
  const whole = await viewer.see("figures", ({ stale }) => !stale);
  for (const [store, name] of [
    [stores.redis, "Redis"],
    [stores.postgres, "Postgres"],
  ] as const) {
    await store.stop();
    const old = await viewer.see(`no ${name}`, ({ stale }) => stale);
    t.equal(
      old.problem,
      `${name} does not answer: these are the last figures.`,
    );
    t.same(old.today, whole.today);
    t.ok(viewer.events.some(({ figures }) => figures.at === old.at));
    await store.start();
    const back = await viewer.see(`${name} again`, ({ stale }) => !stale);
    t.match(back, { problem: null, today: { wins: 1 } });
  }
  await world.sql`update prize set probability = 1`;
  await server.prizes.reload();
  const refused = await viewer.see("a problem", ({ problem }) => problem);
  t.match(refused, { stale: false, problem: /sum to 2/ });

  await stores.redis.stop();
  const late = await startServer(t, world, ADMIN).catch(() => undefined);
  t.ok(late, "a server may start without Redis");
  const blind = await watch(late?.url ?? "");
  t.match(await blind.see("an event", () => true), {
    at: null,
    stale: true,
    today: null,
    prizes: [],
  });
});

t.test("the last hour, minute by minute, for all servers", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2095-03-01T11:58:30Z");
  const options = { ...ADMIN, ...time.options() };
  const one = await startServer(t, world, options);
  const other = await startServer(t, world, options);
  await setPrizes(world, [{ id: "A", probability: 1, daily_quota: 4 }], one);
  const sampled = (minute: string) =>
    until(`a sample at ${minute}`, async () => {
      const id = `${Date.parse(`2095-03-01T${minute}Z`) / 60_000}-0`;
      const [entry] = await world.redis.xrange(keys.minutes, id, id);
      if (!entry) throw new Error("none yet");
    });
  const draws = (from: number, to: number) =>
    inParallel(
      Array.from({ length: to - from }, (_, n) => from + n),
      4,
      async (n) => {
        await (n % 2 ? one : other).draw(`user${n}`);
      },
    );
  await sampled("11:58");
  await draws(0, 3);
  time.set("2095-03-01T11:59:10Z");
  await sampled("11:59");
  await draws(3, 10);
  // Nobody samples 12:00 to 12:02.
  time.set("2095-03-01T12:03:00Z");
  await sampled("12:03");
  await draws(10, 15);
  const viewer = await watch(other.url);
  const { per_minute } = await viewer.see(
    "figures",
    ({ today }) => today.draws === 15,
  );
  t.same(per_minute, [
    { minute: "2095-03-01T11:58:00.000Z", draws: 3, wins: 3 },
    { minute: "2095-03-01T12:03:00.000Z", draws: 5, wins: 0 },
  ]);
  t.equal(await world.redis.xlen(keys.minutes), 3, "one sample a minute");
  t.ok((await world.redis.ttl(keys.minutes)) > 0);

  await draws(15, 60);
  const { prizes } = await viewer.see(
    "all draws",
    ({ today }) => today.draws === 60,
  );
  t.same(prizes[0].forecast, {
    daily_out_at: null,
    total_out_at: null,
    left_over_today: 0,
    warning: "Sold out for today.",
  });
  time.set("2095-03-02T00:00:01Z");
  const next = await viewer.see(
    "the next day",
    ({ date }) => date === "2095-03-02",
  );
  t.match(next, { today: { draws: 0, wins: 0 }, ever: { draws: 60, wins: 4 } });
});

t.test("SIGTERM ends a watched server at once", async (t) => {
  const world = await createWorld(t);
  const server = await startProcess(t, world, { ADMIN_TOKEN });
  await setPrizes(world, PRIZES);
  const viewer = await watch(server.url);
  await viewer.see("figures", () => true);
  const began = performance.now();
  const end = server.end("SIGTERM");
  await viewer.ended;
  t.equal(await end, 0);
  t.comment(`after ${Math.round(performance.now() - began)} ms`);
  t.ok(performance.now() - began < 2_000);
});
