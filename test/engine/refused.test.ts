import { randomUUID } from "node:crypto";
import t from "tap";
import { systemRandom } from "../../src/random.js";
import { keys } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { holdResults } from "../support/hold-results.js";
import { inParallel } from "../support/in-parallel.js";
import { addWin } from "../support/outbox-entries.js";
import { type Body, told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// What happens where Postgres refuses a win: Redis lost its last writes, or a quota was lowered meanwhile.

/** Sets Redis back to an earlier state without the servers noticing, as a failover to a late replica would. */
async function snapshot({ redis }: World) {
  const names = await redis.keys("*");
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
  return async () => {
    await redis.flushdb();
    for (const [n, name] of names.entries()) {
      await redis.restore(name, 0, dumps[n] as Buffer);
    }
  };
}

t.test(
  "units that Redis forgot are not announced twice, the same roll decides again",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "FIVE", total_quota: 5 }], server);
    await server.draw("early");
    await server.settlements.idle();
    const goBack = await snapshot(world);
    for (const user of ["a", "b", "c"])
      t.equal(told((await server.draw(user)).body), "won");
    await server.settlements.idle();
    await goBack();
    const late: string[] = [];
    await inParallel(["d", "e", "f", "g"], 4, async (user) => {
      late.push(told((await server.draw(user)).body));
    });
    t.same(
      late.sort(),
      ["no_prize", "no_prize", "no_prize", "won"],
      "one of five was left",
    );
    const [row] = await world.sql`
    select count(*)::int as n, count(distinct unit)::int as units, max(unit)::int as last from result`;
    t.same(row, { n: 5, units: 5, last: 5 });
    t.equal(await world.redis.xlen(keys.outbox), 0);
  },
);

t.test(
  "a winner whom Redis forgot wins nothing more, and is told the win that stands",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const goBack = await snapshot(world);
    const first = await server.draw("ann");
    await server.settlements.idle();
    await goBack();
    // Without the reload that a lost connection brings: the counter alone catches up.
    await world.redis.hset(keys.taken, "SURE", 10);
    await world.redis.hset(
      keys.takenToday(server.clock.today().date),
      "SURE",
      10,
    );
    const again = await server.draw("ann");
    t.equal(again.body.data?.result?.id, first.body.data?.result?.id);
    await server.settlements.idle();
    t.equal(told((await server.draw("ann")).body), "participated");
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, 1);
    t.equal(await world.redis.xlen(keys.outbox), 0);
  },
);

t.test(
  "after a reconnect the winners Redis forgot are restored before anybody draws",
  async (t) => {
    const world = await createWorld(t);
    let roll = 0;
    const random = { roll: () => roll, id: () => randomUUID() };
    const server = await startServer(t, world, { random });
    await setPrizes(world, [{ id: "HALF", probability: 0.5 }], server);
    const goBack = await snapshot(world);
    const ann = await server.draw("ann");
    const bob = await server.draw("bob");
    const bobs = bob.body.data?.result?.id;
    await server.settlements.idle();
    await world.sql`update result set redeemed_at = now() where user_id = 'ann'`;
    t.equal(told(ann.body), "won");
    await goBack();
    server.redis.disconnect(true);
    roll = 999_999_999; // would lose
    const answers = async (user: string) => {
      for (;;) {
        const answer = await server.draw(user);
        if (answer.status === 200) return answer.body;
      }
    };
    t.equal(
      told(await answers("ann")),
      "participated",
      "redeemed, so she knows",
    );
    t.equal(
      (await answers("bob")).data?.result?.id,
      bobs,
      "told again, to be on the safe side",
    );
  },
);

t.test(
  "a quota lowered behind a win under way leaves it without room: no prize",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(
      world,
      [{ id: "A", total_quota: 5, daily_quota: 5 }],
      server,
    );
    for (const edit of [
      "total_quota = 1",
      "total_quota = 9, daily_quota = 1",
    ]) {
      await world.sql`delete from result`;
      await world.redis.flushdb();
      await world.sql`update prize set total_quota = 5, daily_quota = 5`;
      await server.prizes.reload();
      t.equal(told((await server.draw("ann")).body), "won");
      await world.sql.unsafe(`update prize set ${edit}`);
      t.equal(told((await server.draw("bob")).body), "no_prize", edit);
      t.equal(await world.redis.hlen(keys.pending), 0, "nothing hangs");
    }
  },
);

t.test(
  "two callers wait for a win that is refused: one of them has lost, the other has participated",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "A", total_quota: 5 }], server);
    const release = await holdResults(world);
    const draws = [server.draw("ann"), server.draw("ann")];
    await until("the win", async () => {
      if ((await world.redis.xlen(keys.outbox)) === 0)
        throw new Error("not yet");
    });
    await world.sql`update prize set total_quota = 0`;
    await release();
    const ends = (await Promise.all(draws)).map(({ body }) => told(body));
    t.same(ends.sort(), ["no_prize", "participated"]);
  },
);

t.test("a prize deleted behind a win under way: decided again", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(
    world,
    [
      { id: "A", probability: 0.5 },
      { id: "B", probability: 0.5 },
    ],
    server,
  );
  await world.sql`delete from prize where id = 'A'`;
  await world.sql`update prize set probability = 1 where id = 'B'`;
  for (const user of ["a", "b", "c", "d", "e", "f"]) {
    t.equal((await server.draw(user)).body.data?.result?.prize_id, "B");
  }
});

t.test("the sweeper decides refused wins again, too", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "FIVE", total_quota: 5 }], server);
  const goBack = await snapshot(world);
  await server.draw("ann");
  await server.settlements.idle();
  await goBack();
  // Bob's server died after the script; his unit is ann's.
  const { date } = server.clock.today();
  const win = { user_id: "bob", prize_id: "FIVE", draw_date: date, unit: 1 };
  const entry = await addWin(world.redis, win, "attemptB");
  const record = `wattemptB${entry}`;
  await world.redis.hset(keys.players(date, "bob"), "bob", record);
  await world.redis.hset(keys.taken, "FIVE", 1);
  t.equal(await server.sweep(-1_000), 1);
  t.equal(await world.redis.xlen(keys.outbox), 0);
  const rows =
    await world.sql`select user_id, unit::int as unit from result order by unit`;
  t.same(
    [...rows],
    [
      { user_id: "ann", unit: 1 },
      { user_id: "bob", unit: 2 },
    ],
  );
  t.equal(told((await server.draw("bob")).body), "won", "and bob is told");
});

t.test(
  "a winner whose win was under way when Redis was emptied does not draw again",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const release = await holdResults(world);
    const drawing = server.draw("ann", "k1");
    await until("the win", async () => {
      if ((await world.redis.xlen(keys.outbox)) === 0)
        throw new Error("not yet");
    });
    await world.redis.flushdb();
    await release();
    t.equal(told((await drawing).body), "won");
    await server.settlements.idle();
    t.equal(told((await server.draw("ann")).body), "participated");
  },
);

t.test(
  "winners of whom Redis knew none are restored, though it has counted on",
  async (t) => {
    const world = await createWorld(t);
    const first = await startServer(t, world);
    await setPrizes(world, [{ id: "A", probability: 0.5 }], first);
    const { date } = first.clock.today();
    await world.sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      values (gen_random_uuid(), 'ann', 'A', ${date}, 1, 1, now())`;
    await world.redis.hset(keys.takenToday(date), "A", 5);
    await world.redis.hset(keys.takenToday(date), "@lineage", "another");
    const random = { ...systemRandom, roll: () => 999_999_999 };
    const server = await startServer(t, world, { random });
    t.equal(told((await server.draw("ann")).body), "won", "as the row says");
    t.equal(told((await server.draw("bob")).body), "no_prize");
  },
);

t.test(
  "a backlog longer than a page, with a win at its head that can't be recorded",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "A" }], server);
    const { date } = server.clock.today();
    const users = [
      "nul\0here",
      ...Array.from({ length: 300 }, (_, n) => `user ${n}`),
    ];
    for (const [n, user_id] of users.entries()) {
      const win = { user_id, prize_id: "A", draw_date: date, unit: n + 1 };
      await addWin(world.redis, win);
    }
    await t.rejects(server.sweep(-1_000), {
      code: "UNAVAILABLE",
    });
    t.equal(
      await world.redis.xlen(keys.outbox),
      1,
      "it does not keep the others",
    );
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, 300);
  },
);

t.test(
  "Redis took a unit twice and counted on: its first winner does not draw again",
  async (t) => {
    const world = await createWorld(t);
    let roll = 0;
    const random = { ...systemRandom, roll: () => roll };
    const server = await startServer(t, world, { random });
    await setPrizes(world, [{ id: "HALF", probability: 0.5 }], server);
    await server.draw("early");
    await server.settlements.idle();
    const goBack = await snapshot(world);
    const ann = await server.draw("ann", "k1");
    await server.settlements.idle();
    await goBack();
    // Ann's unit goes to bob, without a reload before it, and Redis's counter is past it when the reload comes.
    t.equal(told((await server.draw("bob")).body), "won");
    roll = 999_999_999; // would lose
    t.equal((await server.draw("ann")).body.data?.result?.id, idOf(ann));
    await server.settlements.idle();
    t.equal(told((await server.draw("ann")).body), "participated");
    t.equal((await server.draw("ann", "k1")).body.data?.result?.id, idOf(ann));
  },
);

t.test(
  "a key gets its win any number of times, also after Redis lost everything, until the next day ends",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T12:00:00Z");
    const server = await startServer(t, world, time.options());
    await setPrizes(world, [{ id: "SURE" }], server);
    const first = await server.draw("ann", "k1");
    for (const moment of ["2099-11-22T13:00:00Z", "2099-11-23T13:00:00Z"]) {
      time.set(moment);
      await server.settlements.idle();
      await world.redis.flushdb();
      await server.scheduler.tick(); // notices it, without a new connection
      for (let n = 0; n < 3; n += 1) {
        const again = await server.draw("ann", "k1");
        t.equal(again.body.data?.result?.id, idOf(first), moment);
        await server.settlements.idle();
      }
    }
    t.not((await server.draw("ann", "k2")).body.data?.result?.id, idOf(first));
  },
);

t.test(
  "where Postgres has another try's row, its key is told the win, and the refused try's is not",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const first = await server.draw("ann", "k1");
    await server.settlements.idle();
    // Redis forgets the win alone, as if a bucket had expired.
    const { date } = server.clock.today();
    await world.redis.del(keys.players(date, "ann"));
    t.equal(idOf(await server.draw("ann", "k2")), idOf(first), "told again");
    await server.settlements.idle();
    for (let n = 0; n < 3; n += 1) {
      t.equal(idOf(await server.draw("ann", "k1")), idOf(first));
      await server.settlements.idle();
    }
    t.equal(told((await server.draw("ann", "k2")).body), "participated");
    t.equal(told((await server.draw("ann")).body), "participated");
  },
);

const idOf = ({ body }: { body: Body }) => body.data?.result?.id;

t.test(
  "two servers wait for a win that is refused: it is decided again once",
  async (t) => {
    const world = await createWorld(t);
    const [one, other] = await Promise.all([
      startServer(t, world),
      startServer(t, world),
    ]);
    await setPrizes(world, [{ id: "A", total_quota: 9 }], one, other);
    const { date } = one.clock.today();
    const lock = await world.sql.reserve();
    await lock`begin`;
    await lock`lock table result in share mode`;
    const draws = [one.draw("ann"), other.draw("ann")];
    await until("two INSERTs that wait", async () => {
      const [row] = await world.sql`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query ~ 'insert into result'`;
      if (row?.n !== 2) throw new Error(`${row?.n}`);
    });
    // Its unit is another's: Redis had forgotten that one.
    await lock`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
    values (${randomUUID()}, 'early', 'A', ${date}, 1, 1, now())`;
    await lock`commit`;
    lock.release();
    const ends = await Promise.all(draws);
    const ids = ends.map(({ body }) => body.data?.result?.id);
    t.ok(ids[0]);
    t.equal(ids[0], ids[1], "the same win");
    const rows =
      await world.sql`select user_id, unit::int from result order by unit`;
    t.same(
      rows.map(({ user_id, unit }) => [user_id, unit]),
      [
        ["early", 1],
        ["ann", 2],
      ],
    );
    t.equal(await world.redis.hget(keys.taken, "A"), "2", "and one unit more");
  },
);
