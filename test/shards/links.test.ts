import t, { type Test } from "tap";
import { shardOf } from "../../src/shards/shard-of.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { leastPrivileged } from "../support/least-privilege.js";
import { behindPooler } from "../support/pgbouncer.js";
import { drawUntilToldIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld, type World } from "../support/world.js";

// All that shards ask of Postgres works over a pooler, and with the rights that a server is given.

/** Draws until nothing is left, with numbers recalled and one that came to nothing. */
async function drawAll(t: Test, admin: World, stores: World) {
  const time = fakeTime("2099-11-22T12:00:00Z");
  const server = await startServer(t, stores, time.options());
  await setCampaign(
    admin,
    { id: "many", shards: 4 },
    [{ id: "CUP", daily_quota: 40, total_quota: 60 }],
    server,
  );
  const date = server.clock.today().date;
  // Somebody has won whom Redis does not know: the unit that he is given comes back.
  await admin.sql`
    insert into result (id, user_id, campaign_id, prize_id, draw_date, unit, day_unit, created_at)
    values (gen_random_uuid(), 'bob', 'many', 'CUP', ${date}::text::date, 40, 40, now())`;
  const users = Array.from({ length: 300 }, (_, n) => `user ${n}`);
  // One of each shard first, so that each has numbers; then those of the first take what the others hold.
  const order = (user: string) => shardOf(user, 4);
  const first = [1, 2, 3].map((n) => users.find((it) => order(it) === n) ?? "");
  const rest = users.filter((it) => !first.includes(it) && order(it) === 0);
  await inParallel(["bob", ...first, ...rest], 10, async (user) => {
    await drawUntilToldIn(server, "many", user, "key");
  });
  // What was under way when Redis was found to have forgotten him comes back some seconds later.
  time.set("2099-11-22T12:00:07Z");
  for (let n = 0; n < 3; n += 1) await server.scheduler.tick();
  const late = Array.from({ length: 99 }, (_, n) => `late ${n}`);
  for (const user of late.filter((it) => order(it) === 0)) {
    await drawUntilToldIn(server, "many", user, "key");
  }
  const [row] = await admin.sql`
    select count(*)::int as n, count(distinct day_unit)::int as units, max(day_unit)::int as most from result
    where campaign_id = 'many'`;
  t.same(row, { n: 40, units: 40, most: 40 });
  await server.campaigns.forget();
}

t.test("behind PgBouncer in transaction mode", async (t) => {
  const world = await createWorld(t);
  const behind = await behindPooler(
    t,
    world,
    "transaction",
    "default_pool_size = 12",
  );
  await drawAll(t, world, { ...world, ...behind });
});

t.test("with the least rights", async (t) => {
  const { admin, server, migrate } = await leastPrivileged(t);
  t.equal((await migrate()).code, 0);
  await drawAll(t, admin, { ...admin, ...server });
});
