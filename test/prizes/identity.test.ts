import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// Servers that share a Redis must be of one product and agree on what a day is.

const readiness = async (url: string) => {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, text: await answer.text() };
};

t.test(
  "a server with another time zone draws nothing and says why, until the others are gone",
  async (t) => {
    const world = await createWorld(t);
    const time = fakeTime("2099-11-22T20:00:00Z");
    const one = await startServer(t, world, {
      ...time.options(),
      timeZone: "Asia/Hong_Kong",
    });
    await setPrizes(world, [{ id: "MUG", daily_quota: 1 }], one);
    const lines: string[] = [];
    const other = await startServer(t, world, {
      ...time.options(),
      logged: (line) => lines.push(line),
    });
    t.equal(told((await one.draw("ann")).body), "won");
    t.equal((await other.draw("ann")).status, 503);
    t.equal((await other.draw("bob")).status, 503);
    const { status, text } = await readiness(other.url);
    t.equal(status, 503);
    t.match(text, /TIME_ZONE is UTC, and servers on this Redis run with Asia/);
    t.equal((await readiness(one.url)).status, 200);
    t.equal((await fetch(`${other.url}/prizes`)).status, 503);
    await t.rejects(other.scheduler.tick());
    await t.rejects(other.scheduler.tick());
    const warnings = lines.filter((line) => line.includes("TIME_ZONE is UTC"));
    t.ok(warnings.some((line) => JSON.parse(line).level === 40));
    const rows = await world.sql`select user_id from result`;
    t.equal(rows.length, 1);

    // While one server with the old zone looks every second, nothing changes.
    time.set("2099-11-22T20:00:09Z");
    await one.scheduler.tick();
    time.set("2099-11-22T20:00:12Z");
    await t.rejects(other.scheduler.tick());
    await one.close();
    time.set("2099-11-22T20:00:20Z");
    await other.scheduler.tick();
    t.equal((await readiness(other.url)).status, 200);
    t.equal((await other.draw("bob")).status, 200);
  },
);

t.test(
  "two databases on one Redis: the second one's server is not ready",
  async (t) => {
    const world = await createWorld(t);
    const { databaseUrl, sql } = await createWorld(t);
    const one = await startServer(t, world);
    await setPrizes(world, [{ id: "MUG" }], one);
    const staging = { ...world, databaseUrl, sql };
    const other = await startServer(t, staging);
    await t.rejects(setPrizes(staging, [{ id: "TOY" }], other));
    const { status, text } = await readiness(other.url);
    t.equal(status, 503);
    t.match(text, /data of another database/);
    t.equal((await other.draw("ann")).status, 503);
    const listed = await fetch(`${other.url}/prizes`);
    t.equal(listed.status, 503, "nor does it show the other's prizes");

    t.equal((await readiness(one.url)).status, 200);
    const answer = await one.draw("ann");
    t.equal(answer.body.data?.result?.prize_id, "MUG");

    // A win of the first waits in the outbox: the second one leaves it alone.
    await one.settlements.idle();
    await world.redis.xadd(keys.outbox, "*", "wins", "made up");
    await t.rejects(other.scheduler.tick());
    t.equal(await world.redis.xlen(keys.outbox), 1);
    t.equal((await sql`select from result`).length, 0);
  },
);

t.test("two products share a Redis by database numbers", async (t) => {
  const worlds = [await createWorld(t), await createWorld(t)];
  for (const [n, world] of worlds.entries()) {
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: `PRIZE_${n}` }], server);
    const { body } = await server.draw("ann");
    t.equal(body.data?.result?.prize_id, `PRIZE_${n}`);
    t.equal((await readiness(server.url)).status, 200);
  }
});

t.test("data of another form are left alone", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "MUG" }], server);
  await world.redis.hset(keys.prizes, "revision", "99");
  await t.rejects(server.prizes.reload());
  t.match((await readiness(server.url)).text, /another form \(99/);
  t.equal((await server.draw("ann")).status, 503);
});
