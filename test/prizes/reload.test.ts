import { readdir } from "node:fs/promises";
import t from "tap";
import { readCampaigns } from "../../src/prizes/campaign.js";
import { newEpoch } from "../../src/prizes/epoch.js";
import { putTable, readTable } from "../../src/prizes/in-force.js";
import { compile, readIdentity, readPrizes } from "../../src/prizes/table.js";
import { keys } from "../../src/stores/keys.js";
import { told } from "../support/post.js";
import { startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { bound } from "../support/slowdown.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

/** What GET /prizes says of each prize. */
async function listed(url: string): Promise<Record<string, unknown>[]> {
  const answer = (await (await fetch(`${url}/prizes`)).json()) as {
    data: { prizes: Record<string, unknown>[] };
  };
  return answer.data.prizes;
}

type Ready = { ready: boolean; problems: string[] };

async function readiness(url: string): Promise<Ready & { status: number }> {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, ...((await answer.json()) as Ready) };
}

t.test(
  "an edit made with plain SQL is in force on every server within two seconds",
  async (t) => {
    const world = await createWorld(t);
    const servers = await Promise.all([
      startProcess(t, world),
      startProcess(t, world),
    ]);
    const { sql } = world;
    let worst = 0;
    const edits = [
      () =>
        sql`insert into prize (id, title, probability) values ('CUP', 'Cup', 1)`,
      () => sql`update prize set title = 'Mug'`,
      () => sql`update prize set total_quota = 5, probability = 0.25`,
      () => sql`update prize set active = false`,
      () => sql`update prize set active = true`,
    ];
    for (const edit of edits) {
      await edit();
      const at = performance.now();
      const [row] = await sql`
      select id, title, probability::float8 as probability, daily_quota, total_quota
      from prize where active`;
      for (const { url } of servers) {
        await until("the edit", async () => {
          const [prize] = await listed(url);
          for (const [field, value] of Object.entries(row ?? {})) {
            if (prize?.[field] !== value) throw new Error(field);
          }
          if (!row && prize) throw new Error("still there");
        });
      }
      worst = Math.max(worst, performance.now() - at);
    }
    t.comment(`slowest edit in force after ${Math.round(worst)} ms`);
    t.ok(worst < bound(2_000));
  },
);

t.test(
  "odds above one are refused, the last good table stays in force, and it is told",
  async (t) => {
    const world = await createWorld(t);
    const lines: string[] = [];
    const server = await startServer(t, world, {
      logged: (line) => lines.push(line),
    });
    await setPrizes(world, [{ id: "A", probability: 0.6 }], server);
    t.same(await readiness(server.url), {
      status: 200,
      ready: true,
      problems: [],
    });
    await world.sql`insert into prize (id, title, probability) values ('B', 'b', 0.400000001)`;
    await server.scheduler.tick();
    await server.scheduler.tick();
    t.match(
      (await listed(server.url)).map((prize) => prize.id),
      ["A"],
    );
    const sentence = /sum to 1\.000000001, more than 1/;
    const { status, problems } = await readiness(server.url);
    t.equal(status, 200);
    t.match(problems, [sentence]);
    t.equal(
      lines.filter((line) => sentence.test(line)).length,
      1,
      "told in the log, once",
    );

    // Also in a Redis that forgot everything.
    await world.redis.flushdb();
    t.equal((await server.draw("ann")).status, 200);
    t.match(
      (await listed(server.url)).map((prize) => prize.id),
      ["A"],
    );

    await world.sql`update prize set probability = 0.4 where id = 'B'`;
    await server.scheduler.tick();
    t.same(
      (await listed(server.url)).map((prize) => prize.id),
      ["A", "B"],
    );
    t.same((await readiness(server.url)).problems, []);
  },
);

t.test("a server that never saw a good table draws nothing", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const empty = await server.draw("ann");
  t.equal(empty.status, 503);
  t.match(empty.body, { success: false, code: "UNAVAILABLE" });
  t.match(empty.headers.get("retry-after"), /^[1-4]$/);
  t.match(await readiness(server.url), {
    status: 503,
    problems: [/No prize table/, /no prizes/],
  });
  await setPrizes(
    world,
    [
      { id: "A", probability: 0.6 },
      { id: "B", probability: 0.6 },
    ],
    server,
  );
  t.equal((await server.draw("ann")).status, 503);
  await world.sql`update prize set probability = 0.5`;
  await server.scheduler.tick();
  t.equal(
    told((await server.draw("ann")).body),
    "won",
    "and nobody's draw was used up",
  );
});

t.test(
  "an older snapshot of the table never replaces a newer one",
  async (t) => {
    const world = await createWorld(t);
    const slow = await startServer(t, world);
    const quick = await startServer(t, world);
    await setPrizes(world, [{ id: "OLD" }], slow, quick);
    const { reload } = slow.redis;
    // The slow server has read the old table, and writes it only after the edit is in force.
    slow.redis.reload = async (...args) => {
      await world.sql`update prize set title = 'new'`;
      await quick.prizes.reload();
      return reload.call(slow.redis, ...args);
    };
    await slow.prizes.reload();
    t.match(await listed(quick.url), [{ title: "new" }]);
  },
);

t.test("a Redis that lost the table gets it back without a draw", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "A" }], server);
  await world.redis.flushdb();
  t.equal((await readiness(server.url)).status, 503);
  await server.scheduler.tick();
  t.equal((await readiness(server.url)).status, 200);
});

t.test("an edit that could not be put in force is tried again", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "A" }], server);
  const { reload } = server.redis;
  server.redis.reload = async () => {
    server.redis.reload = reload;
    throw new Error("OOM command not allowed");
  };
  await world.sql`update prize set title = 'new'`;
  await t.rejects(server.scheduler.tick(), { code: "UNAVAILABLE" });
  await server.scheduler.tick();
  t.match(await listed(server.url), [{ title: "new" }]);
});

t.test(
  "behind refused odds a lowered quota holds, and burns no units",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(
      world,
      [
        { id: "A", total_quota: 1000, probability: 0.9 },
        { id: "B", probability: 0.1 },
      ],
      server,
    );
    await world.sql`update prize set probability = 0.95, total_quota = 1 where id = 'A'`;
    const told_ = [];
    for (const user of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      const answer = await server.draw(user);
      t.equal(answer.status, 200);
      told_.push(answer.body.data?.result?.prize_id);
    }
    t.ok(told_.filter((prize) => prize === "A").length <= 1);
    await server.scheduler.tick();
    t.match(await listed(server.url), [
      { id: "A", probability: 0.9, total_quota: 1 },
      { id: "B", probability: 0.1 },
    ]);
    const before = await world.redis.hget(keys.taken, "A");
    await server.scheduler.tick();
    t.equal(await world.redis.hget(keys.taken, "A"), before);
    t.equal(await world.redis.xlen(keys.outbox), 0);
  },
);

t.test(
  "a quota lowered behind refused odds holds on a server that started since, too",
  async (t) => {
    const world = await createWorld(t);
    const first = await startServer(t, world);
    await setPrizes(world, [{ id: "A", total_quota: 3 }], first);
    await world.sql`insert into prize (id, title, probability) values ('B', 'b', 0.5)`;
    await first.scheduler.tick();
    const second = await startServer(t, world);
    await first.close();
    await world.sql`update prize set total_quota = 0 where id = 'A'`;
    await second.scheduler.tick();
    t.match(await listed(second.url), [{ id: "A", total_quota: 0 }]);
    t.equal(told((await second.draw("ann")).body), "no_prize");
    t.equal(await world.redis.hget(keys.taken, "A"), null, "no unit is burnt");
  },
);

t.test(
  "a reload of another day brings today's winners and counters, too",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "A", daily_quota: 1 }], server);
    await server.draw("ann");
    await server.settlements.idle();
    await world.redis.flushdb();
    await server.prizes.reload("2099-01-01");
    const { date } = server.clock.today();
    t.equal(await world.redis.hget(keys.takenToday(date), "A"), "1");
    t.equal(told((await server.draw("ann")).body), "won", "told once more");
    t.match(
      await world.redis.hget(keys.players(date, "ann"), "ann"),
      /^w[\w-]{8}$/,
      "and the attempt that won",
    );
  },
);

t.test("a reload raises counters and never lowers them", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(
    world,
    [{ id: "A", total_quota: 100, daily_quota: 50 }],
    server,
  );
  for (const user of ["a", "b", "c"]) await server.draw(user);
  const today = keys.takenToday(server.clock.today().date);
  const counters = async () => [
    await world.redis.hget(keys.taken, "A"),
    await world.redis.hget(today, "A"),
  ];
  t.same(await counters(), ["3", "3"]);
  await world.redis.hset(keys.taken, "A", 7);
  await world.redis.hset(today, "A", 5);
  await server.prizes.reload();
  t.same(await counters(), ["7", "5"], "wins under way are not taken back");
  await world.redis.hset(keys.taken, "A", 1);
  await world.redis.hdel(today, "A");
  await server.prizes.reload();
  t.same(await counters(), ["3", "3"], "what Postgres knows is not forgotten");
  t.match(await listed(server.url), [{ left_total: 97, left_today: 47 }]);
});

t.test("what is left today is bounded by what is left in all", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(
    world,
    [
      { id: "A", probability: 0.1, daily_quota: 5, total_quota: 3 },
      { id: "B", probability: 0.1, daily_quota: 5 },
      { id: "C", probability: 0.1, total_quota: 3 },
      { id: "D", probability: 0.1 },
    ],
    server,
  );
  t.match(await listed(server.url), [
    { left_total: 3, left_today: 3 },
    { left_total: null, left_today: 5 },
    { left_total: 3, left_today: 3 },
    { left_total: null, left_today: null },
  ]);
});

t.test(
  "a quota lowered below what is won sells nothing more, raised it sells on",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "A", total_quota: 5 }], server);
    for (const user of ["a", "b", "c"])
      t.equal(told((await server.draw(user)).body), "won");
    await world.sql`update prize set total_quota = 2`;
    await server.scheduler.tick();
    t.equal(told((await server.draw("d")).body), "no_prize");
    await world.sql`update prize set total_quota = 4`;
    await server.scheduler.tick();
    t.equal(told((await server.draw("e")).body), "won");
    t.equal(told((await server.draw("f")).body), "no_prize");
  },
);

t.test("any number of servers migrate at once", async (t) => {
  const world = await createWorld(t);
  await Promise.all(Array.from({ length: 6 }, () => startServer(t, world)));
  const rows = await world.sql`select name from migration order by name`;
  const files = await readdir(new URL("../../sql/", import.meta.url));
  t.ok(files.includes("001_prizes.sql"));
  t.same(
    rows.map((row) => row.name),
    files.filter((file) => /^\d/.test(file)).sort(),
  );
});

t.test("the prize table refuses what can't be a prize", async (t) => {
  const world = await createWorld(t);
  await startServer(t, world);
  for (const row of [
    { id: "tab\there", title: "x", probability: 0.1 },
    { id: "A", title: "", probability: 0.1 },
    { id: "A", title: "x", probability: 1.1 },
    { id: "A", title: "x", probability: "NaN" },
    { id: "A", title: "x", probability: 0.1, daily_quota: -1 },
  ]) {
    await t.rejects(world.sql`insert into prize ${world.sql(row)}`, {
      code: "23514",
    });
  }
});

t.test(
  "a table that was read before an edit does not replace the edited one",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    const { redis, postgres, clock } = server;
    await setPrizes(world, [{ id: "OLD" }], server);
    const day = clock.today();
    const rows = await readPrizes(postgres, "default", day.date);
    const [before] = await readCampaigns(postgres, "default");
    await setPrizes(world, [{ id: "NEW" }], server);
    const edited = await readTable(redis, keys);
    t.same(
      edited?.listing.map(({ id }) => id),
      ["NEW"],
    );
    const answer = await putTable(redis, keys, {
      rows,
      table: compile(rows, before?.version ?? ""),
      day,
      isToday: true,
      agreed: { identity: await readIdentity(postgres), timeZone: "UTC" },
      known: { next: newEpoch(clock.now()) },
      now: clock.now(),
      rules: "{}",
      windows: () => ({}),
    });
    t.match(answer, { version: edited?.version });
    t.same(await readTable(redis, keys), edited);
    const { body } = await server.draw("ann");
    t.equal(body.data?.result?.prize_id, "NEW");
  },
);
