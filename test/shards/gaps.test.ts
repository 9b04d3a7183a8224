import t, { type Test } from "tap";
import { keysOf } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { told } from "../support/post.js";
import { drawUntilToldIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld, type World } from "../support/world.js";

// Numbers that neither a row nor the outbox holds go to whoever draws next, on one shard and on several.

const DAY = "2099-11-22";

async function start(t: Test, shards: number, quota: number) {
  const world = await createWorld(t);
  const time = fakeTime(`${DAY}T12:00:00Z`);
  const server = await startServer(t, world, time.options());
  await setCampaign(
    world,
    { id: "many", shards },
    [{ id: "CUP", total_quota: quota }],
    server,
  );
  const lanes = () => server.campaigns.watched();
  const idle = () =>
    Promise.all(lanes().map(({ settlements }) => settlements.idle()));
  /** Of these users the wins. */
  const draw = async (count: number, name: string) => {
    let wins = 0;
    for (let n = 0; n < count; n += 1) {
      const user = `${name} ${n}`;
      const { body } = await drawUntilToldIn(server, "many", user, "key");
      if (told(body) === "won") wins += 1;
    }
    await idle();
    return wins;
  };
  let seconds = 0;
  /** All that the scheduler does, some seconds later. */
  const later = async () => {
    seconds += 7;
    const noon = Date.parse(`${DAY}T12:00:00Z`);
    time.set(new Date(noon + seconds * 1_000).toISOString());
    await server.scheduler.tick();
    await server.scheduler.tick();
  };
  return { world, server, draw, later, idle };
}

const unitsOf = async ({ sql }: World) => {
  const rows = await sql<{ unit: number; day_unit: number }[]>`
    select unit::int as unit, day_unit::int as day_unit from result where campaign_id = 'many' order by unit`;
  return rows.map(({ unit }) => unit);
};

/** A row that Redis does not know. */
const addRow = ({ sql }: World, user: string, unit: number) => sql`
  insert into result (id, user_id, campaign_id, prize_id, draw_date, unit, day_unit, created_at)
  values (gen_random_uuid(), ${user}, 'many', 'CUP', ${DAY}, ${unit}, ${unit}, now())`;

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

t.test("after a loss the numbers of lost wins are won", async (t) => {
  const { world, draw, later } = await start(t, 1, 12);
  t.equal(await draw(3, "first"), 3);
  // Seven wins went with a server and a Redis; one more has its row.
  await addRow(world, "zoe", 10);
  await world.redis.flushdb();
  t.equal(await draw(1, "next"), 1);
  await later();
  await later();
  t.equal(await draw(20, "last"), 7);
  t.same(await unitsOf(world), upTo(12));
});

t.test("the number of a win whose user had a row is won", async (t) => {
  const { world, server, draw } = await start(t, 1, 3);
  await addRow(world, "bob", 2);
  // Redis gives him unit 1, and Postgres says that he has won before.
  const { body } = await drawUntilToldIn(server, "many", "bob");
  t.equal(told(body), "won");
  t.equal(await draw(9, "other"), 2);
  t.same(await unitsOf(world), upTo(3));
});

t.test("numbers on their way are nobody else's", async (t) => {
  const { world, server, draw, later } = await start(t, 1, 9);
  t.equal(await draw(2, "first"), 2);
  const lock = await world.sql.reserve();
  await lock`begin`;
  await lock`lock table result in share mode`;
  const waiting = server.campaigns.lane("many").engine.draw("ann");
  waiting.catch(() => {});
  const { outbox } = keysOf("many");
  while ((await world.redis.xlen(outbox)) === 0)
    await new Promise(setImmediate);
  // A loss of all but the outbox, as a failover would not do it: the worst case for whoever looks for gaps.
  await world.redis.hset(keysOf("many").takenToday(DAY), "@epoch", "");
  await later();
  await later();
  const spares = await world.redis.hget(keysOf("many").taken, "@r:CUP");
  t.equal(spares, null);
  await lock`rollback`;
  lock.release();
  await waiting.catch(() => {});
  await later();
  t.equal(await draw(20, "last"), 6);
  t.same(await unitsOf(world), upTo(9));
});

t.test("a quota that was lowered below what is taken", async (t) => {
  const { world, server, draw, later } = await start(t, 1, 10);
  await addRow(world, "zoe", 5);
  await world.redis.flushdb();
  t.equal(await draw(1, "first"), 1);
  await later();
  await later();
  // Units 1 to 4 are free again, 5 and 6 have rows.
  const edit = async (quota: number) => {
    await world.sql`update prize set total_quota = ${quota} where campaign_id = 'many'`;
    await server.campaigns.check();
  };
  await edit(2);
  t.equal(await draw(3, "none"), 0);
  await edit(4);
  t.equal(await draw(5, "two"), 2);
  await edit(10);
  t.equal(await draw(9, "rest"), 6);
  t.same(await unitsOf(world), upTo(10));
});

t.test("on several shards, too", async (t) => {
  const { world, draw, later } = await start(t, 4, 40);
  t.equal(await draw(12, "first"), 12);
  // A win in the middle of each shard's numbers is lost with everything in Redis.
  await world.sql`alter table result disable trigger user`;
  const gone = await world.sql`
    delete from result r where campaign_id = 'many' and exists (
      select from result o where o.campaign_id = 'many' and o.unit = r.unit + 1
    ) returning unit`;
  await world.sql`alter table result enable trigger user`;
  t.ok(gone.length > 3, `${gone.length} rows lost`);
  await world.redis.flushdb();
  t.equal(await draw(1, "next"), 1);
  await later();
  await later();
  t.equal(await draw(60, "last"), 27 + gone.length);
  t.same(await unitsOf(world), upTo(40));
});
