import { Cron } from "croner";
import t from "tap";
import { createClock } from "../../src/clock.js";
import { MIDNIGHT } from "../../src/scheduler.js";
import { keys } from "../../src/stores/keys.js";
import { redisTime } from "../../src/stores/redis.js";
import { fakeTime } from "../support/fake-time.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

/** zone; a moment; its campaign day; when that day ends; how many hours the day has */
const DAYS: [string, string, string, string, number][] = [
  [
    "Asia/Hong_Kong",
    "2099-11-22T15:59:59.999Z",
    "2099-11-22",
    "2099-11-23T00:00:00+08:00",
    24,
  ],
  [
    "Asia/Hong_Kong",
    "2099-11-22T16:00:00Z",
    "2099-11-23",
    "2099-11-24T00:00:00+08:00",
    24,
  ],
  [
    "America/New_York",
    "2099-03-08T05:00:00Z",
    "2099-03-08",
    "2099-03-09T00:00:00-04:00",
    23,
  ],
  [
    "America/New_York",
    "2099-03-09T03:59:59.999Z",
    "2099-03-08",
    "2099-03-09T00:00:00-04:00",
    23,
  ],
  [
    "America/New_York",
    "2099-11-01T04:00:00Z",
    "2099-11-01",
    "2099-11-02T00:00:00-05:00",
    25,
  ],
  [
    "America/New_York",
    "2099-11-02T04:59:59.999Z",
    "2099-11-01",
    "2099-11-02T00:00:00-05:00",
    25,
  ],
  // Clocks in Santiago go from 23:59:59 to 01:00:00: the day has no midnight.
  [
    "America/Santiago",
    "2099-09-06T03:59:59.999Z",
    "2099-09-05",
    "2099-09-06T01:00:00-03:00",
    24,
  ],
  [
    "America/Santiago",
    "2099-09-06T04:00:00Z",
    "2099-09-06",
    "2099-09-07T00:00:00-03:00",
    23,
  ],
  // And in April they go from 23:59:59 back to 23:00:00.
  [
    "America/Santiago",
    "2099-04-05T02:30:00Z",
    "2099-04-04",
    "2099-04-05T00:00:00-04:00",
    25,
  ],
  [
    "America/Santiago",
    "2099-04-05T03:30:00Z",
    "2099-04-04",
    "2099-04-05T00:00:00-04:00",
    25,
  ],
  [
    "UTC",
    "2099-12-31T23:59:59Z",
    "2099-12-31",
    "2100-01-01T00:00:00+00:00",
    24,
  ],
];

t.test("days begin and end where the zone says, without a gap", async (t) => {
  for (const [zone, moment, date, resetsAt, hours] of DAYS) {
    const clock = createClock(
      zone,
      async () => 0,
      () => Date.parse(moment),
    );
    const day = clock.today();
    t.equal(day.date, date, `${zone} ${moment}`);
    t.equal(day.resetsAt, resetsAt);
    t.equal(Date.parse(day.resetsAt), day.endsAt);
    const before = clock.day(day.before);
    t.equal((day.endsAt - before.endsAt) / 3_600_000, hours);
    const next = createClock(
      zone,
      async () => 0,
      () => day.endsAt,
    ).today();
    t.equal(next.before, date, "the next day begins where this one ends");
    t.ok(day.expiresAt * 1000 >= day.endsAt + 2 * 86_400_000 - 1000);
  }
});

t.test("one draw per campaign day, on every kind of midnight", async (t) => {
  const nights = [
    ["Asia/Hong_Kong", "2099-11-22T16:00:00Z"],
    ["America/New_York", "2099-03-08T05:00:00Z"],
    ["America/New_York", "2099-03-09T04:00:00Z"],
    ["America/New_York", "2099-11-01T04:00:00Z"],
    ["America/New_York", "2099-11-02T05:00:00Z"],
    ["America/Santiago", "2099-09-06T04:00:00Z"],
  ] as const;
  for (const [timeZone, midnight] of nights) {
    await t.test(`${timeZone} ${midnight}`, async (t) => {
      const world = await createWorld(t);
      const at = (milliseconds: number) =>
        new Date(Date.parse(midnight) + milliseconds).toISOString();
      const time = fakeTime(at(-1));
      const server = await startServer(t, world, {
        timeZone,
        ...time.options(),
      });
      await setPrizes(world, [{ id: "NONE", total_quota: 0 }], server);
      const last = await server.draw("ann");
      t.equal(told(last.body), "no_prize");
      t.equal(
        Date.parse(last.body.data?.resets_at ?? ""),
        Date.parse(midnight),
      );
      t.equal(told((await server.draw("ann")).body), "participated");
      time.set(at(0));
      t.equal(
        told((await server.draw("ann")).body),
        "no_prize",
        "the new day began",
      );
      t.equal(told((await server.draw("ann")).body), "participated");
      time.set(at(20 * 3_600_000));
      t.equal(
        told((await server.draw("ann")).body),
        "participated",
        "and is still the same day",
      );
    });
  }
});

t.test(
  "a server whose clock is ten minutes ahead gives nobody two draws",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T23:55:00Z");
    const right = await startServer(t, world, time.options());
    const ahead = await startServer(t, world, time.options(10 * 60_000));
    const behind = await startServer(t, world, time.options(-10 * 60_000));
    await setPrizes(
      world,
      [{ id: "NONE", total_quota: 0 }],
      right,
      ahead,
      behind,
    );
    t.equal(told((await right.draw("ann")).body), "no_prize");
    t.equal(
      told((await ahead.draw("ann")).body),
      "participated",
      "not tomorrow's draw yet",
    );
    t.equal(told((await ahead.draw("bob")).body), "no_prize");
    t.equal(told((await right.draw("bob")).body), "participated");
    time.set("2099-11-23T00:00:01Z");
    t.equal(
      told((await behind.draw("ann")).body),
      "no_prize",
      "today's draw, though its own clock says yesterday",
    );
    t.equal(told((await right.draw("ann")).body), "participated");
  },
);

t.test("without a test's clock the servers go by Redis's", async (t) => {
  const world = await createWorld(t);
  const skewed = Date.now() + 600_000;
  const server = await startServer(t, world, { localTime: () => skewed });
  const theirs = await redisTime(world.redis);
  t.ok(Math.abs(server.clock.now() - theirs) < 2_000);
});

t.test("a slow comparison of clocks does not replace a good one", async (t) => {
  let local = 0;
  const asked = async () => {
    local += 10_000;
    return 1_000_000;
  };
  const quick = async () => 1_000_000;
  let shared: () => Promise<number> = quick;
  const clock = createClock(
    "UTC",
    () => shared(),
    () => local,
  );
  await clock.sync();
  t.equal(clock.now(), 1_000_000);
  shared = asked;
  await clock.sync();
  t.equal(clock.now(), 1_010_000);
});

t.test(
  "the reload is set for midnight in the zone, also where there is none",
  async (t) => {
    const after = (timezone: string, from: string) =>
      new Cron(MIDNIGHT, { timezone, paused: true })
        .nextRun(new Date(from))
        ?.toISOString();
    t.equal(
      after("Asia/Hong_Kong", "2099-11-22T12:00:00Z"),
      "2099-11-22T16:00:00.000Z",
    );
    t.equal(
      after("America/New_York", "2099-11-01T12:00:00Z"),
      "2099-11-02T05:00:00.000Z",
    );
    t.ok(after("America/Santiago", "2099-09-05T12:00:00Z"));
  },
);

t.test(
  "a key whose draw went over midnight, its row late, has one outcome at every server",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T23:59:59.990Z");
    const early = await startServer(t, world, time.options());
    const late = await startServer(t, world, time.options());
    await setPrizes(world, [{ id: "MUG" }], early, late);
    // The late server's script is held until the other has begun the new day, its row until the key has come again.
    let go = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const draw = late.redis.draw.bind(late.redis);
    let asked = () => {};
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    late.redis.draw = async (...args) => {
      asked();
      await held;
      return draw(...args);
    };
    const lock = await world.sql.reserve();
    await lock`begin`;
    // Readers find no row; writers wait.
    await lock`lock table result in share mode`;
    const first = late.draw("ann", "key-1");
    await reached;
    time.set("2099-11-23T00:00:00.010Z");
    const bob = early.draw("bob");
    await until("the new day", async () => {
      if ((await world.redis.xlen(keys.outbox)) < 1) throw new Error("not yet");
    });
    go();
    await until("the late win", async () => {
      if ((await world.redis.xlen(keys.outbox)) < 2) throw new Error("not yet");
    });
    const decide = early.redis.draw.bind(early.redis);
    const decided = new Promise<void>((resolve) => {
      early.redis.draw = async (...args) => {
        const answer = await decide(...args);
        resolve();
        return answer;
      };
    });
    const again = early.draw("ann", "key-1");
    await decided;
    // Enough time for a look that must not count as final.
    for (let n = 0; n < 20; n += 1) {
      await early.results.find("nobody", "2099-11-22", 1);
    }
    await lock`rollback`;
    lock.release();
    await bob;
    const ends = [await first, await again, await early.draw("ann", "key-1")];
    const id = ends[0]?.body.data?.result?.id;
    t.ok(id);
    for (const end of ends) t.equal(end.body.data?.result?.id, id);
  },
);

t.test(
  "a win whose row is gone never sends its user back to a day that is over",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T12:00:00Z");
    const server = await startServer(t, world, time.options());
    await setPrizes(world, [{ id: "MUG" }], server);
    await server.draw("ann", "k1");
    await server.settlements.idle();
    await world.sql`delete from result`;
    time.set("2099-11-23T12:00:00Z");
    const { body } = await server.draw("ann", "k1");
    t.equal(told(body), "participated");
    t.equal(body.data?.resets_at, "2099-11-24T00:00:00+00:00");
  },
);

t.test("a batch of draws of two days answers each with its own", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T23:59:59Z");
  const server = await startServer(t, world, time.options());
  await setPrizes(world, [{ id: "SURE" }], server);
  const users = ["ann", "bob", "cyd", "dan", "eve"];
  const draws = users.map((user, n) => {
    time.set(n % 2 ? "2099-11-23T00:00:01Z" : "2099-11-22T23:59:59Z");
    return server.engine.draw(user);
  });
  const ends = await Promise.all(draws);
  t.same(
    ends.map((end) => end.outcome === "won" && end.result.user_id),
    users,
  );
  const rows = await world.sql`
    select user_id, draw_date::text from result order by user_id`;
  t.same(
    rows.map(({ draw_date }) => draw_date),
    users.map((_, n) => `2099-11-2${n % 2 ? 3 : 2}`),
  );
});

t.test("who took part is known until the next day is over", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const { date, endsAt } = server.clock.today();
  await setPrizes(world, [{ id: "SURE", total_quota: 1 }], server);
  for (const user of ["ann", "bob"]) {
    await server.draw(user);
    const at = await world.redis.expiretime(keys.players(date, user));
    t.ok(at * 1_000 >= endsAt + 86_400_000, `${user}: ${at}`);
    t.ok(at * 1_000 <= endsAt + 3 * 86_400_000, "and not for ever");
  }
});
