import type { Sql } from "postgres";
import t, { type Test } from "tap";
import { readTable } from "../../src/prizes/in-force.js";
import { keys } from "../../src/stores/keys.js";
import { migrate } from "../../src/stores/migrate.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { audit, CLEAN, type Entry, startLoad } from "../support/load.js";
import { told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// A backup of Postgres that was made under load, restored into an empty database. README.md has the commands of
// pg_dump; like it, this reads one snapshot, and fills the tables with their triggers off.

const PRIZES = [
  { id: "SURE", probability: 0.4 },
  { id: "FEW", probability: 0.4, daily_quota: 40, total_quota: 60 },
];

/** Midday, so that no test goes over midnight. */
const time = fakeTime("2099-11-22T12:00:00Z");

const TABLES = [
  "campaign",
  "prize",
  "prize_version",
  "campaign_version",
  "identity",
  "result",
];

type Backup = Map<string, string>;

async function makeBackup(sql: Sql): Promise<Backup> {
  const backup: Backup = new Map();
  const snapshot = await sql.reserve();
  await snapshot`begin isolation level repeatable read read only`;
  for (const table of TABLES) {
    const [row] = await snapshot<{ rows: string }[]>`
      select coalesce(json_agg(t), '[]')::text as rows from ${sql(table)} t`;
    backup.set(table, row?.rows ?? "");
  }
  await snapshot`commit`;
  snapshot.release();
  return backup;
}

async function restore(backup: Backup, { databaseUrl, sql }: World) {
  await migrate(databaseUrl, false);
  const session = await sql.reserve();
  await session`set session_replication_role = replica`;
  for (const [table, rows] of backup) {
    await session`delete from ${sql(table)}`;
    await session`
      insert into ${sql(table)}
      select * from json_populate_recordset(null::${sql(table)}, ${rows}::text::json)`;
  }
  await session`reset session_replication_role`;
  session.release();
}

/** A load, a backup in its middle, and a stop. */
async function usedStores(t: Test) {
  const world = await createWorld(t);
  const server = await startServer(t, world, time.options());
  await setPrizes(world, PRIZES, server);
  const load = startLoad([server.url], 8);
  t.teardown(load.stop);
  const answers = (count: number) =>
    until(`${count} answers`, async () => {
      const { length } = load.journal;
      if (length < count) throw new Error(`${length}`);
    });
  await answers(60);
  const backup = await makeBackup(world.sql);
  const count = load.journal.length;
  await answers(count + 200);
  const journal = await load.stop();
  await server.close();
  const rows = JSON.parse(backup.get("result") ?? "[]") as {
    user_id: string;
  }[];
  const kept = new Set(rows.map(({ user_id }) => user_id));
  const winners = journal.filter(({ what }) => what === "won");
  const lost = winners.filter(({ username }) => !kept.has(username));
  t.ok(kept.size > 10 && lost.length > 10, "wins before and after the backup");
  t.comment(`${kept.size} wins in the backup, ${lost.length} after it`);
  return { world, backup, kept: [...kept], lost };
}

/** Draws once for each user. Returns what they were told. */
async function drawAll(
  draw: Awaited<ReturnType<typeof startServer>>["draw"],
  users: string[],
): Promise<Map<string, Entry["what"]>> {
  const answers = new Map<string, Entry["what"]>();
  await inParallel(users, 8, async (user) => {
    answers.set(user, told((await draw(user)).body));
  });
  return answers;
}

const newcomers = Array.from({ length: 150 }, (_, n) => `newcomer ${n}`);

async function rowsOf(sql: Sql) {
  const rows = await sql<{ prize_id: string; unit: number }[]>`
    select prize_id, max(unit)::int as unit from result group by prize_id`;
  return new Map(rows.map(({ prize_id, unit }) => [prize_id, unit]));
}

t.test("with an empty Redis", async (t) => {
  const { backup, kept } = await usedStores(t);
  const world = await createWorld(t);
  await restore(backup, world);
  const before = await rowsOf(world.sql);
  const server = await startServer(t, world, time.options());
  for (const [prize, unit] of before) {
    t.equal(Number(await world.redis.hget(keys.taken, prize)), unit, prize);
  }
  const again = await drawAll(server.draw, kept);
  t.same(
    new Set(again.values()),
    new Set(["won"]),
    "winners are told their win",
  );
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, kept.length, "and have no second one");
  const answers = await drawAll(server.draw, newcomers);
  t.ok([...answers.values()].includes("won"));
  t.same(await audit(world, []), CLEAN);
  const { code, out } = await runCommand("doctor", {
    DATABASE_URL: world.databaseUrl,
    REDIS_URL: world.redisUrl,
  });
  t.equal(code, 0, out);
});

t.test("with the Redis that was there", async (t) => {
  const { world: used, backup, kept, lost } = await usedStores(t);
  const taken = await used.redis.hgetall(keys.taken);
  await used.sql`update prize set probability = 0.3`;
  const late = await startServer(t, used, time.options()); // the edit, which the backup lacks, is in force
  await late.close();

  const world = await createWorld(t);
  await restore(backup, world);
  const stores = { ...world, redisUrl: used.redisUrl, redis: used.redis };
  const server = await startServer(t, stores, time.options());
  t.match(await used.redis.hgetall(keys.taken), taken, "no counter is lowered");
  const again = await drawAll(server.draw, [
    ...kept,
    ...lost.map(({ username }) => username),
  ]);
  t.same(
    new Set(again.values()),
    new Set(["participated"]),
    "nobody wins twice",
  );

  const odds = async () =>
    (await readTable(used.redis, keys))?.listing[0]?.probability;
  t.equal(await odds(), 0.3, "the newer table stays in force");
  await world.sql`update prize set active = active`;
  await server.prizes.check();
  t.equal(await odds(), 0.4, "until an edit puts the restored one in force");

  await drawAll(server.draw, newcomers);
  t.same(await audit(stores, []), CLEAN);
  for (const { id } of PRIZES) {
    const [row] = await world.sql`
      select count(*)::int as n from result
      where prize_id = ${id} and unit <= ${Number(taken[id])} and not user_id = any(${kept})`;
    t.equal(row?.n, 0, `${id}: what was won after the backup is not won again`);
  }
});
