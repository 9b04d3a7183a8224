import { readdir, readFile } from "node:fs/promises";
import { Redis } from "ioredis";
import t from "tap";
import { keys } from "../src/keys.js";
import { migrate as migrateAsServer } from "../src/migrate.js";
import { post, setPrizes, told } from "./build.js";
import { connectAs, leastPrivileged, redisRights } from "./least.js";
import { winsInOutbox } from "./outbox.js";
import { listing, startProcess } from "./process.js";
import { runCommand } from "./run-command.js";
import { until } from "./until.js";

// The service with only the rights of sql/roles.sql, sql/grants.sql and lua/acl.txt. One pair of stores for all.

t.jobs = 1;

const { admin, server, reader, migrate } = await leastPrivileged(t);

t.test("a role that may not migrate", async (t) => {
  const early = startProcess(t, server);
  await t.rejects(
    early,
    /The role of DATABASE_URL may not migrate.*001_prizes\.sql.*npm run migrate/,
  );
  const doctor = {
    DATABASE_URL: server.databaseUrl,
    REDIS_URL: server.redisUrl,
  };
  const before = await runCommand("doctor", doctor);
  t.equal(before.code, 1);
  t.match(before.out, /fail {2}The database lacks 001_prizes\.sql/);

  const first = await migrate();
  t.same([first.code, first.err], [0, ""]);
  t.match(first.out, /applied 001_prizes\.sql[\s\S]*Rights granted/);
  t.match((await migrate()).out, /Nothing to apply/);

  const process = await startProcess(t, server);
  await setPrizes(admin, [{ id: "FIRST", probability: 0.5 }]);
  await listing([process], "FIRST");
  const after = await runCommand("doctor", doctor);
  t.same([after.code, after.err], [0, ""], after.out);
  t.notMatch(after.out, /^fail/m);
  t.match(after.out, /may do what serving needs/);
  t.match(after.out, /appendfsync can't be read by this user/);
  t.equal(await process.end("SIGTERM"), 0);
  await admin.sql`delete from migration where name = '003_result_guards.sql'`;
  await t.rejects(
    startProcess(t, server),
    /may not migrate, and 003_result_guards\.sql of sql\/ must be applied first/,
  );
  await admin.sql`insert into migration (name) values ('003_result_guards.sql')`;
  await t.rejects(
    migrateAsServer(server.databaseUrl, true),
    /may not insert prizes: start without --sample-prizes/,
  );
  await admin.sql`revoke insert (id) on result from lucky_server`;
  const lacking = await runCommand("doctor", doctor);
  t.equal(lacking.code, 1);
  t.match(lacking.out, /fail {2}The role lucky_server lacks insert on result/);
});

t.test("it serves, repairs and reloads", async (t) => {
  t.equal((await migrate()).code, 0, "grants again what was revoked");
  const one = await startProcess(t, server);
  await setPrizes(admin, [{ id: "SURE" }]);
  await listing([one], "SURE");

  const win = await post(`${one.url}/draw`, { username: "ann" });
  t.equal(told(win.body), "won");
  const { id } = win.body.data?.result ?? {};
  const redeemed = await post(`${one.url}/redeem`, {
    id,
    username: "ann",
    phone_no: "+85291234567",
  });
  t.equal(redeemed.status, 200);

  await admin.sql`insert into prize (id, title, probability) values ('NEW', 'New', 0)`;
  await listing([one], "NEW");

  const two = await startProcess(t, server);
  const lock = await admin.sql.reserve();
  await lock`begin`;
  await lock`lock table result in access exclusive mode`;
  const lost = post(`${one.url}/draw`, { username: "bob" }).catch(() => "");
  await until("bob's win in the outbox", async () => {
    if ((await winsInOutbox(admin.redis)) !== 1) throw new Error("not yet");
  });
  await one.end("SIGKILL");
  t.equal(await lost, "");
  await lock`rollback`;
  lock.release();
  await until("the sweep", async () => {
    const rows = await admin.sql`select from result where user_id = 'bob'`;
    if (rows.count !== 1) throw new Error("no row");
    if ((await winsInOutbox(admin.redis)) > 0) throw new Error("not settled");
  });
  const next = await post(`${two.url}/draw`, { username: "bob" });
  t.equal(told(next.body), "won", "whom kill -9 kept the answer from");

  await admin.redis.flushall();
  await until("the reload", async () => {
    if (!(await admin.redis.hexists(keys.prizes, "odds")))
      throw new Error("no table");
  });
  t.equal(await admin.redis.hget(keys.taken, "SURE"), "2");
  const again = await post(`${two.url}/draw`, { username: "ann" });
  t.equal(told(again.body), "participated", "a winner who has redeemed");
  t.equal(
    told((await post(`${two.url}/draw`, { username: "eve" })).body),
    "won",
  );
  const [row] = await admin.sql`select count(*)::int as n from result`;
  t.equal(row?.n, 3);
  t.equal(await two.end("SIGTERM"), 0);
  const denied = two.lines.filter((line) =>
    /NOPERM|permission denied/.test(line),
  );
  t.same(denied, []);
});

t.test("what the roles of Postgres may not do", async (t) => {
  await admin.sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at, phone_no, redeemed_at)
    values (gen_random_uuid(), 'ann', 'SURE', '2026-01-01', 1000, 1000, now(), '+85291234567', now())`;
  const denied = { code: "42501" };
  const serving = connectAs(t, server.databaseUrl);
  for (const statement of [
    "drop table result",
    "delete from result",
    "truncate result",
    "update result set user_id = 'eve'",
    "update result set prize_id = 'CAR'",
    "insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at, redeemed_at) values (gen_random_uuid(), 'eve', 'SURE', '2026-01-01', 1001, 1001, now(), now())",
    "insert into prize (id, title, probability) values ('CAR', 'Car', 1)",
    "update prize set probability = 1",
    "update prize set total_quota = null",
    "delete from prize",
    "update prize_version set version = 0",
    "insert into migration (name) values ('x')",
    "alter table result drop constraint result_prize_id_unit_key",
    "create table mine (id int)",
    "create temp table mine (id int)",
    "copy result to program 'cat'",
  ]) {
    await t.rejects(serving.unsafe(statement), denied, statement);
  }
  const reading = connectAs(t, reader);
  const report = await reading`
    select p.title, r.user_id, r.redeemed_at from result r join prize p on p.id = r.prize_id`;
  t.ok(report.count > 0);
  for (const statement of [
    "select phone_no from result",
    "select * from result",
    "update result set redeemed_at = null",
    "delete from result",
    "update prize set title = ''",
  ]) {
    await t.rejects(reading.unsafe(statement), denied, statement);
  }
});

t.test("what the user of Redis may not do", async (t) => {
  await admin.redis.set("theirs", "secret");
  const redis = new Redis(server.redisUrl, { protocol: 2 });
  t.teardown(() => redis.disconnect());
  for (const command of [
    "FLUSHALL",
    "FLUSHDB",
    "CONFIG GET *",
    "CONFIG SET appendonly no",
    "KEYS *",
    "SCAN 0",
    "GET theirs",
    "HGETALL theirs",
    "ACL LIST",
    "SHUTDOWN",
    "REPLICAOF NO ONE",
    "SCRIPT FLUSH",
    "CLIENT KILL TYPE normal",
    "PUBLISH channel x",
    `DEL ${keys.outbox}`,
    `XTRIM ${keys.outbox} MAXLEN 0`,
  ]) {
    const [name = "", ...args] = command.split(" ");
    await t.rejects(redis.call(name, ...args), /NOPERM/, command);
  }
  await t.rejects(
    redis.eval("return redis.call('GET', 'theirs')", 0),
    /can't access at least one of the keys/,
  );
  t.equal(await admin.redis.get("theirs"), "secret");
});

t.test("the user of Redis may run what the scripts call", async (t) => {
  const rights = await redisRights();
  const folder = new URL("../lua/", import.meta.url);
  const scripts = (await readdir(folder)).filter((it) => it.endsWith(".lua"));
  t.ok(scripts.length >= 3);
  for (const name of scripts) {
    const text = await readFile(new URL(name, folder), "utf8");
    const calls = [...text.matchAll(/call\('(\w+)'/g)].map(
      ([, it]) => it ?? "",
    );
    t.ok(calls.length > 0, `${name} calls commands`);
    const lacking = calls.filter(
      (it) => !rights.includes(`+${it.toLowerCase()}`),
    );
    t.same(lacking, [], name);
  }
});
