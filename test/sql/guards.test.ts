import t from "tap";
import { ADMIN, ANY, adminOf } from "../support/admin-calls.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// What plain SQL can't do to prizes: leave results without one, or publish odds that can't come up.

const ISOLATIONS = ["read committed", "repeatable read", "serializable"];

const WAYS = [
  "delete from prize where id = 'MUG'",
  "update prize set id = 'CUP' where id = 'MUG'",
  "truncate prize",
];

t.test("a prize that was won meanwhile can't go, in any way", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(
    world,
    [{ id: "MUG" }, { id: "SPARE", probability: 0 }],
    server,
  );
  let user = 0;
  for (const isolation of ISOLATIONS) {
    for (const way of WAYS) {
      await world.sql`truncate result`;
      const lock = await world.sql.reserve();
      await lock.unsafe(`begin isolation level ${isolation}`);
      await lock`select count(*) from prize`; // its snapshot
      user += 1;
      await until("a win", async () => {
        const { body } = await server.draw(`user ${user}`);
        if (told(body) !== "won") throw new Error(told(body));
      });
      await t.rejects(
        lock.unsafe(way),
        { code: "23503", hint: /Set active to false|Truncate/ },
        `${isolation}: ${way}`,
      );
      await lock`rollback`;
      lock.release();
      const lonely = await world.sql`
        select from result r where not exists (select from prize p where p.id = r.prize_id)`;
      t.equal(lonely.count, 0);
    }
  }
  await world.sql`truncate result`;
  await world.sql`update prize set id = 'OTHER' where id = 'SPARE'`;
  await world.sql`delete from prize where id = 'OTHER'`;
  await world.sql`truncate prize`;
});

t.test("a win that comes while its prize is deleted", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "MUG" }], server);
  const lock = await world.sql.reserve();
  await lock`begin`;
  await lock`delete from prize`;
  const drawing = server.draw("ann");
  await until("its INSERT", async () => {
    const waiting = await world.sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    if (waiting.count === 0) throw new Error("nobody waits");
  });
  await lock`commit`;
  lock.release();
  t.not(told((await drawing).body), "won");
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, 0);
});

t.test(
  "odds that could never come up are refused, however they are given",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world, ADMIN);
    const call = adminOf(server.url);
    const tiny = { id: "TINY", title: "Tiny", probability: 9e-10 };
    const least = { ...tiny, id: "LEAST", probability: 1e-9 };
    const none = { ...tiny, id: "NONE", probability: 0 };
    const refusal = {
      code: "INVALID_REQUEST",
      error:
        "probability: the odds of TINY are below 0.000000001, so that it could never be won; raise them, or make them 0.",
    };
    t.match(await call("POST", "/prizes", tiny), refusal);
    t.match(
      await call("PUT", "/prizes", { prizes: [least, tiny] }, ANY),
      refusal,
    );
    t.match(
      await call("PUT", "/prizes?preview=yes", { prizes: [tiny] }, ANY),
      refusal,
    );
    t.match(
      await call("POST", "/simulation", { prizes: [tiny], draws: 10 }),
      refusal,
    );
    await call("PUT", "/prizes", { prizes: [least, none] }, ANY);
    t.match(await call("PATCH", "/prizes/NONE", { probability: 1e-10 }, ANY), {
      code: "INVALID_REQUEST",
    });
    const listed = await call("GET", "/prizes");
    t.match(listed.data, { in_force: true, problem: null });

    await world.sql`update prize set probability = 0.9e-9 where id = 'NONE'`;
    await server.prizes.reload();
    t.match(
      server.prizes.problem(),
      /^The probability of NONE is below 1e-9, so that it could never be won: raise it, or make it 0\./,
    );
    await world.sql`update prize set active = false where id = 'NONE'`;
    await server.prizes.reload();
    t.equal(server.prizes.problem(), undefined, "an inactive one may wait");
  },
);
