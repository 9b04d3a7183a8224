import t, { type Test } from "tap";
import { systemRandom } from "../../src/random.js";
import { keys } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { createProxy } from "../support/link.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { startStores } from "../support/stores.js";
import { until } from "../support/until.js";
import { createWorld, ownWorld, type World } from "../support/world.js";

// Decisions are taken only on data that the server knows to be complete.

const NEVER = 999_999_999;

/** Random numbers that a test sets. */
function dice(roll = 0) {
  const its = { roll };
  return { its, random: { ...systemRandom, roll: () => its.roll } };
}

/** Rows of a day as an event would leave them. */
async function fillWinners({ sql }: World, date: string, count: number) {
  await sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
    select gen_random_uuid(), 'user ' || n, 'A', ${date}::text::date, n, n, now()
    from generate_series(1, ${count}::int) as n`;
}

const epochOf = async ({ redis }: World, date: string) =>
  (await redis.hget(keys.takenToday(date), "@epoch")) ?? "";

t.test(
  "emptied at any moment of a reload: no winner is told anything else than the win",
  async (t) => {
    const world = await createWorld(t);
    const { its, random } = dice(NEVER);
    const server = await startServer(t, world, { random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    const { date } = server.clock.today();
    await fillWinners(world, date, 20);
    await server.prizes.reload();
    const steps = ["reload"] as const;
    for (const [n, step] of steps.entries()) {
      const redis = server.redis as unknown as Record<
        string,
        (...args: unknown[]) => Promise<unknown>
      >;
      const real = redis[step];
      if (!real) throw new Error(step);
      for (const after of [false, true]) {
        redis[step] = async (...args) => {
          redis[step] = real;
          if (!after) await world.redis.flushdb();
          const answer = await real.apply(redis, args);
          if (after) await world.redis.flushdb();
          return answer;
        };
        await server.prizes.reload();
        redis[step] = real;
        const user = `user ${2 * n + (after ? 2 : 1)}`;
        t.equal(told((await server.draw(user)).body), "won", `${step} ${user}`);
      }
    }
    its.roll = 0;
    t.equal(told((await server.draw("somebody")).body), "won");
  },
);

t.test(
  "until all winners are back, each batch asks for its own users; then they all are",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T12:00:00Z");
    const { its, random } = dice(NEVER);
    const server = await startServer(t, world, { ...time.options(), random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    const { date } = server.clock.today();
    await fillWinners(world, date, 12_001);
    await world.sql`update result set redeemed_at = now() where user_id = 'user 7'`;
    await server.scheduler.tick();
    await world.redis.flushdb();
    t.equal(told((await server.draw("user 12000")).body), "won", "told again");
    t.equal(
      told((await server.draw("user 7")).body),
      "participated",
      "who has redeemed knows",
    );
    t.equal(told((await server.draw("somebody")).body), "no_prize");
    t.match(await epochOf(world, date), /\?$/, "not whole yet");
    // An INSERT that was under way when it happened has ended by then.
    time.set("2099-11-22T12:00:03Z");
    await server.scheduler.tick();
    t.notMatch(await epochOf(world, date), /\?$/, "whole again");
    const places = Array.from({ length: 12_001 }, (_, n) => `user ${n + 1}`);
    const asking = world.redis.pipeline();
    for (const user of places) asking.hget(keys.players(date, user), user);
    const records = (await asking.exec())?.map(([, record]) => record) ?? [];
    t.equal(
      records.filter((record) => /^w[\w-]{8}$/.test(String(record))).length,
      12_001,
    );
    const expiry = await world.redis.expiretime(keys.players(date, "user 9"));
    t.equal(expiry, server.clock.today().expiresAt);
    its.roll = NEVER;
    t.equal(told((await server.draw("user 11999")).body), "won");
  },
);

t.test(
  "a row that is committed only after the loss is brought back, too",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T12:00:00Z");
    const { random } = dice(NEVER);
    const server = await startServer(t, world, { ...time.options(), random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    const { date } = server.clock.today();
    await fillWinners(world, date, 3);
    await world.redis.flushdb();
    await server.draw("somebody");
    await server.scheduler.tick();
    t.match(await epochOf(world, date), /\?$/, "not whole yet");
    await world.sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      values (gen_random_uuid(), 'late', 'A', ${date}, 4, 4, now())`;
    time.set("2099-11-22T12:00:03Z");
    await server.scheduler.tick();
    t.equal(told((await server.draw("late")).body), "won");
  },
);

t.test(
  "who drew again before the row came back is a winner all the same",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T12:00:00Z");
    const { random } = dice(NEVER);
    const server = await startServer(t, world, { ...time.options(), random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    const { date } = server.clock.today();
    await fillWinners(world, date, 1);
    await world.redis.flushdb();
    t.equal(told((await server.draw("late")).body), "no_prize");
    await world.sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      values (gen_random_uuid(), 'late', 'A', ${date}, 2, 2, now())`;
    time.set("2099-11-22T12:00:03Z");
    await server.scheduler.tick();
    t.equal(told((await server.draw("late")).body), "won");
  },
);

/** Sets Redis back to what it was, on the same connections. */
async function snapshot({ redis }: World) {
  const names = await redis.keys("*");
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
  const expiries = await Promise.all(names.map((name) => redis.pttl(name)));
  return async () => {
    await redis.flushdb();
    for (const [n, name] of names.entries()) {
      const ttl = Math.max(0, expiries[n] ?? 0);
      await redis.restore(name, ttl, dumps[n] as Buffer);
    }
  };
}

t.test(
  "older data on the same connection: whoever wrote what is missing notices it in its next draw",
  async (t) => {
    const world = await createWorld(t);
    const { its, random } = dice(0);
    const server = await startServer(t, world, { random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    await server.draw("early");
    const goBack = await snapshot(world);
    t.equal(told((await server.draw("ann")).body), "won");
    its.roll = NEVER;
    t.equal(told((await server.draw("lost")).body), "no_prize");
    await server.settlements.idle();
    const { date } = server.clock.today();
    const before = await epochOf(world, date);
    await goBack();
    // The counters alone would not show it.
    await world.redis.hset(keys.taken, "A", 2);
    await world.redis.hset(keys.takenToday(date), "A", 2);
    t.equal(told((await server.draw("ann")).body), "won", "as the row says");
    t.not(await epochOf(world, date), before, "and every server will know");
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, 2);
  },
);

t.test(
  "older data of another Redis on the same connection: the look every second notices it",
  async (t) => {
    const world = await createWorld(t);
    const { random } = dice(NEVER);
    const writer = await startServer(t, world);
    const server = await startServer(t, world, { random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], writer, server);
    const { date } = server.clock.today();
    const goBack = await snapshot(world);
    await fillWinners(world, date, 1);
    await goBack();
    // The counters alone would not tell.
    await world.redis.hset(keys.taken, "A", 1);
    await world.redis.hset(keys.takenToday(date), "A", 1);
    // A primary that was demoted, has copied a late replica and was promoted again has another replication id.
    await world.redis.hset(keys.takenToday(date), "@lineage", "0123abcd");
    await server.scheduler.tick();
    t.match(await epochOf(world, date), /\?$/);
    t.equal(told((await server.draw("user 1")).body), "won");
  },
);

t.test(
  "a counter below what Postgres has says that something was lost",
  async (t) => {
    const world = await createWorld(t);
    const { random } = dice(NEVER);
    const server = await startServer(t, world, { random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    const { date } = server.clock.today();
    await fillWinners(world, date, 1);
    await server.prizes.reload();
    t.match(await epochOf(world, date), /\?$/);
    t.equal(told((await server.draw("user 1")).body), "won");
  },
);

t.test(
  "a unit that Postgres has already says that something was lost, a lowered quota does not",
  async (t) => {
    const world = await createWorld(t);
    const { its, random } = dice(0);
    const server = await startServer(t, world, { random });
    await setPrizes(
      world,
      [{ id: "A", probability: 0.5, total_quota: 50 }],
      server,
    );
    const { date } = server.clock.today();
    await server.draw("early");
    const first = await epochOf(world, date);
    await world.sql`update prize set total_quota = 1`;
    t.equal(told((await server.draw("ann")).body), "no_prize");
    t.equal(await epochOf(world, date), first);
    await world.sql`update prize set total_quota = 50`;
    await server.prizes.reload();
    // Redis has counted unit 2, and offers it again since nobody got it: nothing but the row itself tells.
    await world.sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      values (gen_random_uuid(), 'forgotten', 'A', ${date}, 2, 2, now())`;
    t.equal(told((await server.draw("bob")).body), "won");
    t.not(await epochOf(world, date), first);
    its.roll = NEVER;
    t.equal(told((await server.draw("forgotten")).body), "won");
  },
);

t.test("midnight needs no Postgres", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T23:59:59Z");
  const proxy = await createProxy(t, world.databaseUrl);
  const { random } = dice(NEVER);
  const server = await startServer(
    t,
    { ...world, databaseUrl: proxy.url },
    { ...time.options(), random },
  );
  await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
  proxy.silence();
  time.set("2099-11-23T00:00:01Z");
  const answer = await server.draw("ann");
  t.equal(told(answer.body), "no_prize");
  t.equal(answer.body.data?.resets_at, "2099-11-24T00:00:00+00:00");
});

t.test(
  "Redis's clock jumps ahead for two seconds: no other day begins, and what expired is made good",
  async (t) => {
    const world = await createWorld(t);
    let local = Date.parse("2099-11-22T12:00:00Z");
    let ahead = 0;
    const { its, random } = dice(0);
    const server = await startServer(t, world, {
      random,
      localTime: () => local,
      sharedTime: async () => local + ahead,
    });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    t.equal(told((await server.draw("ann")).body), "won");
    await server.settlements.idle();
    its.roll = NEVER;
    const { date } = server.clock.today();
    ahead = 5 * 86_400_000;
    local += 1_000;
    await server.clock.sync();
    t.equal(server.clock.today().date, date, "the day goes on");
    t.equal((await server.draw("bob")).status, 503, "and nothing is decided");
    const ready = await fetch(`${server.url}/readyz`);
    t.equal(ready.status, 503);
    t.match(await ready.text(), /clock has jumped/);
    // Redis lets some of the day's keys go, and not others.
    await world.redis.del(keys.players(date, "ann"));
    ahead = 0;
    local += 1_000;
    await server.scheduler.tick();
    await server.scheduler.tick();
    t.match(await epochOf(world, date), /\?$/, "what expired is looked for");
    t.equal(told((await server.draw("ann")).body), "won", "told once more");
    t.equal(told((await server.draw("bob")).body), "no_prize");
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, 1, "and won nothing more");
  },
);

t.test("a step of Redis's clock that stands is believed", async (t) => {
  const world = await createWorld(t);
  let local = Date.parse("2099-11-22T12:00:00Z");
  let ahead = 0;
  const server = await startServer(t, world, {
    localTime: () => local,
    sharedTime: async () => local + ahead,
  });
  await setPrizes(world, [{ id: "A" }], server);
  ahead = 86_400_000;
  for (let second = 0; second <= 5; second += 1) {
    await server.clock.sync();
    t.equal(server.clock.isDoubted(), second < 5, `after ${second} s`);
    local += 1_000;
  }
  t.equal(server.clock.today().date, "2099-11-23");
  t.equal(told((await server.draw("ann")).body), "won");
});

t.test(
  "Redis's clock is set back: a dead server's win is finished all the same",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "A" }], server);
    const lock = await world.sql.reserve();
    await lock`begin`;
    await lock`lock table result in access exclusive mode`;
    const drawing = server.draw("ann");
    await until("the win", async () => {
      if ((await world.redis.xlen(keys.outbox)) === 0) throw new Error("none");
    });
    // The same win, as if it had been written an hour ahead, and its server were dead.
    const [entry] = await world.redis.xrange(keys.outbox, "-", "+");
    const text = entry?.[1][1] ?? "";
    const later = `${Date.now() + 3_600_000}-0`;
    await world.redis.del(keys.outbox);
    await world.redis.xadd(keys.outbox, later, "wins", text);
    const { date } = server.clock.today();
    const place = keys.players(date, "ann");
    const record = (await world.redis.hget(place, "ann")) ?? "";
    await world.redis.hset(place, "ann", `${record.slice(0, 9)}${later}`);
    await lock`rollback`;
    lock.release();
    await drawing;
    await world.sql`delete from result`;
    await world.redis.hset(place, "ann", `${record.slice(0, 9)}${later}`);
    let now = 0;
    const { createSweep } = await import("../../src/engine/sweep.js");
    const sweep = createSweep({ ...server, warn: () => {} }, () => now);
    t.equal(await sweep(), 0, "seen for the first time");
    now = 2_999;
    t.equal(await sweep(), 0);
    now = 3_000;
    t.equal(await sweep(), 1, "as old as it has been seen");
    t.equal(await world.redis.xlen(keys.outbox), 0);
    const [row] = await world.sql`select user_id from result`;
    t.equal(row?.user_id, "ann");
  },
);

t.test(
  "a Redis that expires a day's keys in earnest: winners stay winners",
  async (t) => {
    const stores = await startStores();
    t.teardown(() => stores.close());
    const world = ownWorld(t, stores);
    const { its, random } = dice(0);
    const server = await startServer(t, world, { random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    const users = Array.from({ length: 50 }, (_, n) => `user ${n}`);
    await inParallel(users, 8, async (user) => {
      await server.draw(user);
    });
    await server.settlements.idle();
    its.roll = NEVER;
    const { date } = server.clock.today();
    for (const name of await world.redis.keys(`{lucky-draw}:*:${date}*`)) {
      await world.redis.pexpireat(name, 1);
    }
    for (const user of users) {
      t.equal(told((await server.draw(user)).body), "won", user);
    }
  },
);

t.test("after a loss yesterday's winners are not told again", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T12:00:00Z");
  const server = await startServer(t, world, time.options());
  await setPrizes(world, [{ id: "SURE" }], server);
  const first = (await server.draw("ann")).body.data?.result?.id;
  t.ok(first);
  await server.settlements.idle();
  time.set("2099-11-23T12:00:00Z");
  await world.redis.flushdb();
  await server.scheduler.tick();
  const second = (await server.draw("ann")).body.data?.result?.id;
  t.ok(second);
  t.not(second, first);
});

t.test(
  "lost once more before all are back: nobody of before is forgotten",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T12:00:00Z");
    const { random } = dice(NEVER);
    const server = await startServer(t, world, { ...time.options(), random });
    await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
    const { date } = server.clock.today();
    await fillWinners(world, date, 20);
    await world.redis.flushdb();
    await server.scheduler.tick();
    t.equal(told((await server.draw("user 1")).body), "won");
    // Again, and the sign of the first loss is gone with the data.
    await world.redis.flushdb();
    await server.scheduler.tick();
    t.equal(told((await server.draw("user 2")).body), "won");
    time.set("2099-11-22T12:00:03Z");
    await server.scheduler.tick();
    t.notMatch(await epochOf(world, date), /\?$/, "whole again");
    await server.settlements.idle();
    t.equal(told((await server.draw("user 2")).body), "participated");
    for (const n of [1, 3, 20]) {
      t.equal(told((await server.draw(`user ${n}`)).body), "won", `user ${n}`);
    }
  },
);

/** A winner of the only unit, of whom the data in Redis know nothing any more but that the unit is gone. */
async function forgotten(t: Test) {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T12:00:00Z");
  const server = await startServer(t, world, time.options());
  const other = await startServer(t, world, time.options());
  await setPrizes(world, [{ id: "ONE", total_quota: 1 }], server, other);
  t.equal(told((await other.draw("ann")).body), "won");
  await other.settlements.idle();
  const { date } = server.clock.today();
  t.equal(told((await server.draw("bob")).body), "no_prize");
  const records = await world.redis.keys(`*players:${date}:*`);
  await world.redis.del(...records);
  return { world, server, day: keys.takenToday(date) };
}

t.test("data with another name are not decided on", async (t) => {
  const { world, server, day } = await forgotten(t);
  // Another server has noticed the loss, and its winners are not back yet.
  await world.redis.hset(day, "@epoch", "1700000000000-0123abcd?");
  const { body } = await server.draw("ann");
  t.notMatch(told(body), "no_prize", "her row stands");
});

t.test("data behind a new connection are looked at first", async (t) => {
  const { world, server, day } = await forgotten(t);
  // As a standby that was promoted has them: the names of its primary, its own lineage.
  await world.redis.hset(day, "@lineage", "0123abcd");
  const drawing = new Promise((resolve) =>
    server.redis.once("ready", () => resolve(server.engine.draw("ann"))),
  );
  server.redis.disconnect(true);
  t.notMatch(await drawing, { outcome: "no_prize" }, "her row stands");
});
