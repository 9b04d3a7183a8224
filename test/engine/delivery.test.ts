import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import t from "tap";
import { createSweep } from "../../src/engine/sweep.js";
import { systemRandom } from "../../src/random.js";
import { keys } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { holdResults } from "../support/hold-results.js";
import { addWin, outboxHolds } from "../support/outbox-entries.js";
import { post, told } from "../support/post.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { bound } from "../support/slowdown.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

/** Sends a draw and hangs up before the answer. */
function drawAndHangUp(url: string, username: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({ username });
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /draw HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return new Promise((resolve) => {
    setTimeout(() => {
      socket.destroy();
      resolve();
    }, 100);
  });
}

t.test(
  "kill -9 between script and insert: the row comes, the winner is told on the next try",
  async (t) => {
    const world = await createWorld(t);
    const [first, second] = await Promise.all([
      startProcess(t, world),
      startProcess(t, world),
    ]);
    await setPrizes(world, [{ id: "SURE", total_quota: 1 }]);
    await listing([first, second], "SURE");
    const release = await holdResults(world);
    const lost = post(`${first.url}/draw`, { username: "ann" }).catch(
      () => "no answer",
    );
    await outboxHolds(world, 1);
    await first.end("SIGKILL");
    t.equal(await lost, "no answer");
    await release();
    const began = performance.now();
    await until("the row", async () => {
      const rows = await world.sql`select from result where user_id = 'ann'`;
      if (rows.count !== 1) throw new Error("not yet");
    });
    t.comment(
      `the row was there ${Math.round(performance.now() - began)} ms after the lock was gone`,
    );
    t.ok(performance.now() - began < bound(10_000));
    await outboxHolds(world, 0);
    const next = await post(`${second.url}/draw`, { username: "ann" });
    t.equal(told(next.body), "won");
    const [row] = await world.sql`select id from result`;
    t.equal(next.body.data?.result?.id, row?.id, "the same win");
    await until("delivery", async () => {
      if (await world.redis.hexists(keys.pending, "ann"))
        throw new Error("pending");
    });
    t.equal(
      told((await post(`${second.url}/draw`, { username: "ann" })).body),
      "participated",
    );
  },
);

t.test(
  "a caller that hung up is told on the next try, and only once",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const release = await holdResults(world);
    await drawAndHangUp(server.url, "ann");
    await release();
    await until("the row", async () => {
      const rows = await world.sql`select from result`;
      if (rows.count !== 1) throw new Error("not yet");
    });
    await server.sweep(0);
    t.equal(await world.redis.xlen(keys.outbox), 0);
    t.equal(told((await server.draw("ann")).body), "won");
    await server.settlements.idle();
    t.equal(told((await server.draw("ann")).body), "participated");
  },
);

t.test(
  "with the same Idempotency-Key any number of times, and not with another",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const first = await server.draw("ann", "k1");
    await server.settlements.idle();
    for (let n = 0; n < 3; n += 1) {
      t.same((await server.draw("ann", "k1")).body, first.body);
      await server.settlements.idle();
    }
    t.equal(
      told((await server.draw("ann")).body),
      "participated",
      "a name alone reveals nothing",
    );
    t.equal(told((await server.draw("ann", "k2")).body), "participated");
    t.equal(
      told((await server.draw("bob", "k1")).body),
      "won",
      "a key belongs to its user",
    );
  },
);

t.test("a lost draw repeats itself by its key, too", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "NONE", total_quota: 0 }], server);
  const first = await server.draw("ann", "k1");
  t.equal(told(first.body), "no_prize");
  t.same((await server.draw("ann", "k1")).body, first.body);
  t.equal(told((await server.draw("ann", "k2")).body), "participated");
});

t.test(
  "a retry after midnight repeats yesterday's draw by its key; a new draw is a new key",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T23:59:59Z");
    const server = await startServer(t, world, time.options());
    await setPrizes(world, [{ id: "SURE", total_quota: 2 }], server);
    const ann = await server.draw("ann", "k1");
    await server.draw("ben", "k1");
    const bob = await server.draw("bob", "k1");
    t.equal(told(bob.body), "no_prize");
    await server.settlements.idle();
    time.set("2099-11-23T00:00:01Z");
    t.same((await server.draw("ann", "k1")).body, ann.body);
    t.same((await server.draw("bob", "k1")).body, bob.body);
    t.equal(
      told((await server.draw("ann", "k2")).body),
      "no_prize",
      "today's draw",
    );
    t.equal(told((await server.draw("ann")).body), "participated");
  },
);

t.test(
  "a win that was not delivered before midnight is told before the next draw",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T23:59:59Z");
    const server = await startServer(t, world, time.options());
    await setPrizes(world, [{ id: "SURE", total_quota: 1 }], server);
    const won = await server.draw("ann");
    const id = won.body.data?.result?.id;
    await server.settlements.idle();
    // As if the answer had not gone out.
    await world.redis.hset(keys.pending, "ann", "@2099-11-22");
    time.set("2099-11-25T12:00:00Z");
    const late = await server.draw("ann");
    t.equal(late.body.data?.result?.id, id);
    await server.settlements.idle();
    t.equal(
      told((await server.draw("ann")).body),
      "no_prize",
      "then today's draw",
    );
  },
);

t.test(
  "a lost reply of Redis: the same try again has the same outcome",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const { draw } = server.redis;
    server.redis.draw = async (...args) => {
      await draw.call(server.redis, ...args);
      server.redis.draw = draw;
      throw new Error("the link broke");
    };
    const lost = await server.draw("ann", "k1");
    t.equal(lost.status, 503);
    t.equal(told((await server.draw("ann", "k1")).body), "won");
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, 1);
    t.equal(await world.redis.hget(keys.taken, "SURE"), "1");
  },
);

t.test(
  "hung up while Redis was emptied: the row stands, and the winner is told",
  async (t) => {
    const world = await createWorld(t);
    let roll = 0;
    const random = { ...systemRandom, roll: () => roll };
    const server = await startServer(t, world, { random });
    await setPrizes(world, [{ id: "HALF", probability: 0.5 }], server);
    const release = await holdResults(world);
    await drawAndHangUp(server.url, "ann");
    await world.redis.flushdb();
    await release();
    await until("the mark", async () => {
      if (!(await world.redis.hexists(keys.pending, "ann")))
        throw new Error("not yet");
    });
    roll = 999_999_999; // would lose
    t.equal(told((await server.draw("ann")).body), "won");
  },
);

t.test("a win that comes after the 503 is told on the next try", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const { record } = server.results;
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  server.results.record = async (win) => {
    await gate;
    return record(win);
  };
  t.equal((await server.draw("ann")).status, 503);
  go();
  await until("the mark", async () => {
    const mark = await world.redis.hget(keys.pending, "ann");
    if (!mark?.startsWith("@")) throw new Error(`${mark}`);
  });
  t.equal(await world.redis.xlen(keys.outbox), 0);
  t.equal(told((await server.draw("ann")).body), "won");
});

t.test("two sweepers and the winner at once write one row", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all([
    startServer(t, world),
    startServer(t, world),
  ]);
  await setPrizes(world, [{ id: "SURE" }], ...servers);
  const release = await holdResults(world);
  const [first] = servers;
  const draws = Array.from({ length: 50 }, (_, n) =>
    servers[n % 2]?.draw(`user ${n}`),
  );
  await outboxHolds(world, 50);
  const sweeps = servers.map((server) => server.sweep(0).catch(() => 0));
  await release();
  await Promise.all([...draws, ...sweeps]);
  await until("an empty outbox", () =>
    first.sweep(0).then(() => outboxHolds(world, 0)),
  );
  const [row] =
    await world.sql`select count(*)::int as n, max(unit)::int as units from result`;
  t.same(row, { n: 50, units: 50 });
});

t.test(
  "yesterday's key keeps yesterday's win, beside a win of today that is still to be told, and in one batch with it",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T12:00:00Z");
    const server = await startServer(t, world, time.options());
    await setPrizes(world, [{ id: "SURE" }], server);
    const idOf = async (drawing: ReturnType<typeof server.draw>) =>
      (await drawing).body.data?.result?.id;
    const ann = await idOf(server.draw("ann", "k1"));
    const bob = await idOf(server.draw("bob", "k1"));
    await server.settlements.idle();
    time.set("2099-11-23T12:00:00Z");
    const anns = await idOf(server.draw("ann"));
    await server.settlements.idle();
    await world.redis.hset(keys.pending, "ann", "@2099-11-23");
    t.equal(await idOf(server.draw("ann", "k1")), ann);
    t.equal(await idOf(server.draw("ann")), anns, "and today's is told");

    // The first one is sent at once, the two of bob together behind it.
    const { engine } = server;
    const [, today, yesterday] = await Promise.all([
      engine.draw("first"),
      engine.draw("bob", "k2"),
      engine.draw("bob", "k1"),
    ]);
    t.match(yesterday, { outcome: "won", result: { id: bob } });
    t.match(today, { outcome: "won" });
    t.notMatch(today, { result: { id: bob } });
  },
);

t.test(
  "marks of untold wins leave after 90 days, or when the claim is over",
  async (t) => {
    for (const [days, oldest, kept] of [
      [undefined, "2099-08-24", "2099-08-25"],
      [3, "2099-11-19", "2099-11-20"],
    ] as const) {
      const world = await createWorld(t);
      const time = fakeTime("2099-11-23T00:00:00Z");
      const settings = days === undefined ? {} : { CLAIM_DAYS: days };
      const server = await startServer(t, world, {
        ...time.options(),
        settings,
      });
      const old = Array.from({ length: 2_500 }, (_, n) => [
        `old ${n}`,
        `@${oldest}`,
      ]);
      await world.redis.hset(keys.pending, ...old.flat());
      await world.redis.hset(keys.pending, "kept", `@${kept}`, "waits", "1-1");
      t.equal(await server.untold.forget(), 2_500);
      t.same(await world.redis.hgetall(keys.pending), {
        kept: `@${kept}`,
        waits: "1-1",
      });
    }
  },
);

t.test("a note that Redis did not take is taken later", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const { redis } = server;
  const { xdel } = redis;
  redis.xdel = (async () => {
    redis.xdel = xdel;
    throw new Error("away");
  }) as typeof xdel;
  t.equal(told((await server.draw("ann")).body), "won");
  await server.settlements.idle();
  t.equal(await world.redis.xlen(keys.outbox), 1, "Redis did not take it");
  await server.scheduler.tick();
  await server.settlements.idle();
  t.equal(await world.redis.xlen(keys.outbox), 0);
  t.equal(told((await server.draw("ann")).body), "participated");
});

t.test("nor are the others that were to be taken with it lost", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const { redis, settlements } = server;
  const { xdel } = redis;
  redis.xdel = (async () => {
    redis.xdel = xdel;
    throw new Error("away");
  }) as typeof xdel;
  const wins = [];
  for (const user of ["ann", "bob", "cleo"]) {
    wins.push(await server.engine.draw(user));
  }
  for (const end of wins) {
    if (end.outcome !== "won") throw new Error(end.outcome);
    settlements.add({ ...end.settlement, telling: "told" });
  }
  await settlements.idle();
  t.equal(await world.redis.xlen(keys.outbox), 3, "Redis took none");
  await settlements.retry();
  t.equal(await world.redis.xlen(keys.outbox), 0);
});

t.test("a row that Postgres lost frees its user", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T12:00:00Z");
  const server = await startServer(t, world, time.options());
  await setPrizes(world, [{ id: "SURE" }], server);
  await world.redis.hset(keys.pending, "ann", "@2099-11-21");
  t.equal(told((await server.draw("ann")).body), "participated");
  await server.settlements.idle();
  t.equal(told((await server.draw("ann")).body), "won", "today's draw");
});

t.test(
  "a sweeper that comes to its end after the answer tells nothing twice",
  async (t) => {
    const world = await createWorld(t);
    // By the servers' clock the entry is older than any that a sweeper leaves to its own server.
    const time = fakeTime("2099-11-22T12:00:00Z");
    const [server, other] = await Promise.all([
      startServer(t, world, time.options()),
      startServer(t, world, time.options()),
    ]);
    await setPrizes(world, [{ id: "SURE" }], server, other);
    const release = await holdResults(world);
    const drawing = server.draw("ann");
    await outboxHolds(world, 1);
    let resumed = () => {};
    let go = () => {};
    const reached = new Promise<void>((resolve) => {
      resumed = resolve;
    });
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const engine = {
      ...other.engine,
      resume: async (win: Parameters<typeof other.engine.resume>[0]) => {
        const end = await other.engine.resume(win);
        resumed();
        await held;
        return end;
      },
    };
    const sweeping = createSweep({ ...other, engine, warn: () => {} })(-1_000);
    await release();
    t.equal(told((await drawing).body), "won");
    await server.settlements.idle();
    await reached;
    go();
    t.equal(await sweeping, 1);
    t.equal(await world.redis.hlen(keys.pending), 0);
    t.equal(told((await server.draw("ann")).body), "participated");
  },
);

t.test(
  "a win whose draw Redis forgot, and whose user drew again: told to the log",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE", probability: 0 }], server);
    const { date } = server.clock.today();
    const lost = { prize_id: "SURE", draw_date: date };
    await addWin(world.redis, { ...lost, user_id: "ann", unit: 7 });
    await addWin(world.redis, { ...lost, user_id: "bob", unit: 8 }, "of_bob_8");
    await addWin(world.redis, { ...lost, user_id: "cyd", unit: 9 });
    await world.sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      values (${randomUUID()}, 'cyd', 'SURE', ${date}, 1, 1, now())`;
    // The records of ann and cyd expired with a clock that jumped, and they drew again, by other attempts; bob was told.
    for (const [user, record] of [
      ["ann", "lanother8"],
      ["bob", "wof_bob_8"],
      ["cyd", "wof_cyd_8"],
    ] as const) {
      await world.redis.hset(keys.players(date, user), user, record);
    }
    const lines = new Map<number, unknown>();
    const warn = (details: object, sentence: string) => {
      lines.set((details as { unit: number }).unit, [details, sentence]);
    };
    await createSweep({ ...server, warn })(-1_000);
    t.equal(await world.redis.xlen(keys.outbox), 0);
    const said = (unit: number, fate: string) => [
      { ...lost, unit, fate },
      "a win has no row",
    ];
    t.equal(lines.size, 2);
    t.same(lines.get(7), said(7, "forgotten"));
    t.same(lines.get(9), said(9, "participated"));
    const rows = await world.sql`select user_id from result`;
    t.same([...rows], [{ user_id: "cyd" }], "what they were told since stands");
  },
);
