import t from "tap";
import { keys, keysOf } from "../../src/stores/keys.js";
import { addWin } from "../support/outbox-entries.js";
import { post, told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

t.test(
  "after trial draws the real ones begin with all units, and nobody has drawn",
  async (t) => {
    const world = await createWorld(t);
    const { databaseUrl, redisUrl, sql, redis } = world;
    const settings = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
    const name = new URL(databaseUrl).pathname.slice(1);
    const reset = (...args: string[]) =>
      runCommand("reset", settings, { args });
    const trial = await startServer(t, world);
    await setPrizes(world, [{ id: "MUG", total_quota: 2 }], trial);
    const won = await trial.draw("ann");
    await trial.draw("bob");
    t.equal(told((await trial.draw("cyd")).body), "no_prize");
    const { id } = won.body.data?.result ?? {};
    const phone_no = "+85291234567";
    await post(`${trial.url}/redeem`, { id, username: "ann", phone_no });
    await trial.scheduler.tick();

    const serving = await reset("--yes", name);
    t.equal(serving.code, 1);
    t.match(serving.err, /Servers are running/);
    t.equal((await sql`select from result`).length, 2);

    await trial.close();
    await redis.hset(keys.prizes, "time_zone_until", 1); // ten seconds later
    const { date } = trial.clock.today();
    await sql`
      insert into proof_day (campaign_id, draw_date, seal, ends_at, shards, key_text)
      values ('default', ${date}, '{}', now() + interval '1 day', 1, '')`;
    await sql`insert into proof_log (campaign_id, draw_date, shard, begun_in) values ('default', ${date}, 0, 'x')`;
    const late = { user_id: "dan", prize_id: "MUG", draw_date: date, unit: 2 };
    await addWin(redis, late);
    await redis.set("{lucky-drawer}:another program's", "key");
    await redis.set(keysOf("xmas").taken, "of another campaign");
    for (const args of [[], ["--yes", "another"]]) {
      const refused = await reset(...args);
      t.equal(refused.code, 1);
      t.match(refused.err, /Not confirmed: the database is called/);
      t.equal((await sql`select from result`).length, 2);
    }
    const done = await reset("--yes", name);
    t.equal(done.code, 0, done.err);
    t.match(done.out, /2 results deleted/);
    t.equal((await sql`select from result`).length, 0);
    t.equal((await sql`select from redemption_count`).length, 0);
    t.equal((await sql`select from prize`).length, 1, "prizes stay");
    const logs =
      await sql`select from proof_day union all select from proof_log`;
    t.equal(logs.length, 0, "the day's log begins anew, too");
    t.same(await redis.keys("*"), ["{lucky-drawer}:another program's"]);
    t.equal((await reset("--yes", name)).code, 0, "it may run twice");

    const server = await startServer(t, world);
    for (const user of ["ann", "bob"]) {
      t.equal(told((await server.draw(user)).body), "won", user);
    }
    t.equal(told((await server.draw("cyd")).body), "no_prize");
    const units = await sql`select unit::int as unit from result order by unit`;
    t.same(
      units.map(({ unit }) => unit),
      [1, 2],
      "no unit was burnt",
    );
  },
);

t.test("without stores of its own it says what to do", async (t) => {
  const { code, err } = await runCommand("reset", {});
  t.equal(code, 1);
  t.match(err, /delete the folder \.data/);
  t.equal((await runCommand("reset", {}, { args: ["--what"] })).code, 2);
});
