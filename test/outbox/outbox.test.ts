import t from "tap";
import { createSweep } from "../../src/engine/sweep.js";
import { systemRandom } from "../../src/random.js";
import { keys } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { winsInOutbox } from "../support/outbox-entries.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// The wins of a batch share an outbox entry, which goes when the last of them is settled.

type Server = Awaited<ReturnType<typeof startServer>>;

/** Holds back the row of one user. */
function holdRow(server: Server, user: string): () => void {
  const { record } = server.results;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.results.record = async (win) => {
    if (win.user_id === user) await held;
    return record(win);
  };
  return release;
}

/** Draws of several users in one batch. */
const drawTogether = (server: Server, users: string[]) =>
  users.map((user) => server.engine.draw(user));

t.test("a batch that was told costs Redis one command more", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const users = Array.from({ length: 20 }, (_, n) => `user ${n}`);
  const ends = await Promise.all(drawTogether(server, users));
  t.equal(await world.redis.xlen(keys.outbox), 1);
  t.equal(await winsInOutbox(world.redis), 20);
  let notes = 0;
  const { settle } = server.redis;
  server.redis.settle = (...args) => {
    notes += 1;
    return settle.call(server.redis, ...args);
  };
  for (const end of ends) {
    if (end.outcome !== "won") throw new Error(end.outcome);
    server.settlements.add({ ...end.settlement, telling: "told" });
  }
  await server.settlements.idle();
  t.equal(notes, 0);
  t.equal(await world.redis.xlen(keys.outbox), 0);
  t.equal(told((await server.draw("user 7")).body), "participated");
});

t.test("an entry goes after the note of who was not told", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const end = await server.engine.draw("ann");
  if (end.outcome !== "won") throw new Error(end.outcome);
  // A Redis that has forgotten the scripts: settle.lua is sent once more.
  await world.redis.script("FLUSH");
  const seen: string[] = [];
  const { redis } = server;
  const { settle } = redis;
  redis.settle = async (...args) => {
    const reply = await settle.call(redis, ...args);
    seen.push("noted");
    return reply;
  };
  const xdel = redis.xdel.bind(redis);
  redis.xdel = (async (...args: Parameters<typeof xdel>) => {
    seen.push("struck");
    return xdel(...args);
  }) as typeof xdel;
  await server.settlements.add({ ...end.settlement, telling: "untold" });
  t.same(seen, ["noted", "struck"]);
  t.equal(told((await server.draw("ann")).body), "won");
});

t.test("a batch that comes again gets its entry once", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const lock = await world.sql.reserve();
  await lock`begin`;
  await lock`lock table result in access exclusive mode`;
  const users = Array.from({ length: 20 }, (_, n) => `user ${n}`);
  const first = drawTogether(server, users);
  await until("the wins", async () => {
    if ((await winsInOutbox(world.redis)) < 20) throw new Error("not yet");
  });
  const replies: string[][] = [];
  const { draw } = server.redis;
  server.redis.draw = async (...args) => {
    const reply = await draw.call(server.redis, ...args);
    replies.push(reply as string[]);
    return reply;
  };
  const again = drawTogether(server, users);
  await until("the replies", async () => {
    const told = replies.flatMap(([, , letters = ""]) => [...letters]);
    if (told.length < 20) throw new Error("not yet");
  });
  const others = replies.flatMap(([, , , , , , , ...others]) => others);
  t.equal(others.length, 20);
  const whole = others.filter((other) => other.includes("\n"));
  t.equal(whole.length, replies.length);
  await lock`rollback`;
  lock.release();
  const ends = await Promise.all(first);
  t.same(
    (await Promise.all(again)).map(
      (end) => end.outcome === "won" && end.result,
    ),
    ends.map((end) => end.outcome === "won" && end.result),
  );
  t.ok(ends.every(({ outcome }) => outcome === "won"));
});

t.test(
  "a winner who was told is not told again while others of the batch wait",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const release = holdRow(server, "bob");
    const [ann, bob] = drawTogether(server, ["ann", "bob"]);
    const first = await ann;
    if (first?.outcome !== "won") throw new Error(first?.outcome);
    await server.settlements.add({ ...first.settlement, telling: "told" });
    t.equal(await world.redis.xlen(keys.outbox), 1, "for bob");
    t.equal(told((await server.draw("ann")).body), "participated");
    release();
    const last = await bob;
    if (last?.outcome !== "won") throw new Error(last?.outcome);
    await server.settlements.add({ ...last.settlement, telling: "told" });
    t.equal(await world.redis.xlen(keys.outbox), 0);
    t.equal(told((await server.draw("bob")).body), "participated");
  },
);

t.test(
  "refused among others of its batch: its entry goes all the same",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "A", total_quota: 3 }], server);
    await world.sql`update prize set total_quota = 2`;
    const users = ["ann", "bob", "cyd"];
    const ends = await Promise.all(users.map((user) => server.draw(user)));
    t.same(ends.map(({ body }) => told(body)).sort(), [
      "no_prize",
      "won",
      "won",
    ]);
    await server.settlements.idle();
    t.equal(await world.redis.xlen(keys.outbox), 0);
    for (const user of users)
      t.equal(told((await server.draw(user)).body), "participated");
  },
);

t.test(
  "a refused win is not written after all when its quota is raised while others of its batch wait",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    const other = await startServer(t, world);
    await setPrizes(world, [{ id: "A", total_quota: 3 }], server);
    await world.sql`update prize set total_quota = 2`;
    const release = holdRow(server, "bob");
    const ann = server.draw("ann");
    const bob = server.draw("bob");
    const cyd = server.draw("cyd");
    t.equal(told((await ann).body), "won");
    t.equal(told((await cyd).body), "no_prize");
    await server.settlements.idle();
    t.equal(await world.redis.xlen(keys.outbox), 1, "for bob");
    await world.sql`update prize set total_quota = null`;
    await other.sweep(-1_000);
    release();
    t.equal(told((await bob).body), "won");
    const rows = await world.sql`select user_id from result order by unit`;
    t.same(
      rows.map(({ user_id }) => user_id),
      ["ann", "bob"],
    );
    await server.settlements.idle();
    t.equal(await world.redis.xlen(keys.outbox), 0);
    for (const user of ["ann", "bob", "cyd"])
      t.equal(told((await server.draw(user)).body), "participated");
  },
);

t.test(
  "a winner who was told is not told again after midnight while others of the batch wait",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T23:59:59Z");
    const server = await startServer(t, world, time.options());
    await setPrizes(world, [{ id: "SURE" }], server);
    const release = holdRow(server, "bob");
    const [ann, bob] = drawTogether(server, ["ann", "bob"]);
    const first = await ann;
    if (first?.outcome !== "won") throw new Error(first?.outcome);
    await server.settlements.add({ ...first.settlement, telling: "told" });
    t.equal(await world.redis.xlen(keys.outbox), 1, "for bob");
    time.set("2099-11-23T00:00:01Z");
    const second = (await server.draw("ann")).body.data?.result;
    t.match(second?.created_at, /^2099-11-23T/);
    t.not(second?.id, first.result.id);
    release();
    t.match(await bob, { outcome: "won" });
  },
);

t.test(
  "a sweeper finishes the wins before their server does: told once",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const { redis, settlements } = server;
    const xdel = redis.xdel.bind(redis);
    let swept = 0;
    redis.xdel = (async (...args: Parameters<typeof xdel>) => {
      redis.xdel = xdel;
      const sweep = createSweep({
        ...server,
        settlements: await otherSettlements(),
        warn: () => {},
      });
      await sweep(-1_000);
      swept += 1;
      return xdel(...args);
    }) as typeof xdel;
    // The sweeper of another server, on the same stores.
    const otherSettlements = async () =>
      (await startServer(t, world)).settlements;
    t.equal(told((await server.draw("ann")).body), "won");
    await until("the sweep", async () => {
      if (swept === 0) throw new Error("not yet");
    });
    await settlements.idle();
    t.equal(await world.redis.hlen(keys.pending), 0);
    t.equal(told((await server.draw("ann")).body), "participated");
  },
);

t.test(
  "a win that Postgres could not take before midnight is told before the new day's draw",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T23:59:59Z");
    let roll = 0;
    const random = { ...systemRandom, roll: () => roll };
    const server = await startServer(t, world, { ...time.options(), random });
    await setPrizes(world, [{ id: "HALF", probability: 0.5 }], server);
    await world.sql`alter table result rename to gone`;
    t.equal((await server.draw("ann")).status, 503);
    time.set("2099-11-23T00:00:01Z");
    roll = 999_999_999; // would lose
    t.equal(
      (await server.draw("ann")).status,
      503,
      "not yet, and nothing else",
    );
    await world.sql`alter table gone rename to result`;
    const first = await server.draw("ann");
    t.equal(first.body.data?.result?.created_at, "2099-11-22T23:59:59.000Z");
    await server.settlements.idle();
    t.equal(told((await server.draw("ann")).body), "no_prize");
    t.equal(await world.redis.hlen(keys.pending), 0);
  },
);

t.test(
  "a mark of a win that is settled since says nothing, and goes",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    await world.redis.hset(keys.pending, "ann", "1-1");
    t.equal(told((await server.draw("ann")).body), "won");
    await server.settlements.idle();
    t.equal(await world.redis.hlen(keys.pending), 0);
    t.equal(told((await server.draw("ann")).body), "participated");
  },
);
