import { readdir, readFile } from "node:fs/promises";
import { Redis } from "ioredis";
import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { migrate as migrateAsServer } from "../../src/stores/migrate.js";
import { ADMIN_TOKEN, ANY, adminOf } from "../support/admin-calls.js";
import { holdResults } from "../support/hold-results.js";
import {
  connectAs,
  leastPrivileged,
  redisRights,
} from "../support/least-privilege.js";
import { watch } from "../support/live-events.js";
import { winsInOutbox } from "../support/outbox-entries.js";
import { post, told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { until } from "../support/until.js";

// The service with only the rights of sql/roles.sql, sql/grants.sql and lua/acl.txt. One pair of stores for all.

t.jobs = 1;

const { admin, server, reader, migrate } = await leastPrivileged(t);

const isDenial = (line: string) => /NOPERM|permission denied/.test(line);

t.test("a role that may not migrate", async (t) => {
  const early = startProcess(t, server);
  await t.rejects(
    early,
    /The role of DATABASE_URL may not migrate.*001_prizes\.sql.*npm run migrate/,
  );
  const doctor = {
    DATABASE_URL: server.databaseUrl,
    REDIS_URL: server.redisUrl,
    ADMIN_TOKEN,
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
  // As a database whose default privileges give nothing to everybody.
  await admin.sql`revoke execute on all functions in schema public from public`;
  await admin.sql`revoke insert on prize from lucky_server`;
  await t.rejects(
    migrateAsServer(server.databaseUrl, true),
    /may not insert prizes: start without --sample-prizes/,
  );
  const lacking = await runCommand("doctor", doctor);
  t.equal(lacking.code, 1);
  t.match(lacking.out, /fail {2}The role lucky_server lacks insert on prize\./);
  const { ADMIN_TOKEN: _, ...withoutAdmin } = doctor;
  const enough = await runCommand("doctor", withoutAdmin);
  t.same([enough.code, enough.err], [0, ""], enough.out);
  await admin.sql`revoke insert (id) on result from lucky_server`;
  const useless = await runCommand("doctor", withoutAdmin);
  t.equal(useless.code, 1);
  t.match(useless.out, /fail {2}The role lucky_server lacks insert on result/);
  await admin.sql`revoke execute on all functions in schema public from lucky_server`;
  const without = await runCommand("doctor", doctor);
  for (const name of ["redeem_results", "prize_table", "change_prizes"]) {
    t.match(without.out, `execute on ${name}`);
  }
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
  const release = await holdResults(admin);
  const lost = post(`${one.url}/draw`, { username: "bob" }).catch(() => "");
  await until("bob's win in the outbox", async () => {
    if ((await winsInOutbox(admin.redis)) !== 1) throw new Error("not yet");
  });
  await one.end("SIGKILL");
  t.equal(await lost, "");
  await release();
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
  t.same(two.lines.filter(isDenial), []);
});

t.test("administrators have what they need", async (t) => {
  const process = await startProcess(t, server, { ADMIN_TOKEN });
  const call = adminOf(process.url);
  const before = await call("GET", "/figures");

  const ann = { "x-changed-by": "Ann" };
  const mug = { id: "MUG", title: "Mug", probability: 0 };
  const made = await call("POST", "/prizes", mug, ann);
  t.equal(made.status, 201);
  const title = { title: "Blue mug" };
  const match = { ...ann, "if-match": made.headers.get("etag") ?? "" };
  const changed = await call("PATCH", "/prizes/MUG", title, match);
  t.equal(changed.status, 200);
  const sure = { prizes: [{ ...mug, probability: 1, total_quota: 3 }] };
  const preview = await call("PUT", "/prizes?preview=yes", sure, ANY);
  t.match(preview, { status: 200, data: { preview: true } });
  const replaced = await call("PUT", "/prizes", sure, { ...ann, ...ANY });
  t.match(replaced, { status: 200, data: { in_force: true, sum_of_odds: 1 } });
  t.match(replaced.data.prizes, [
    { id: "MUG", active: true },
    { id: "NEW", active: false },
    { id: "SURE", active: false },
  ]);

  const { body } = await post(`${process.url}/draw`, { username: "kim" });
  t.equal(body.data?.result?.prize_id, "MUG");
  const redemption = {
    id: body.data?.result?.id,
    username: "kim",
    phone_no: "+85291234568",
  };
  const redeemed = await post(`${process.url}/redeem`, redemption);
  t.equal(redeemed.status, 200);
  const after = await call("GET", "/figures");
  t.equal(
    after.data.ever.redemptions,
    before.data.ever.redemptions + 1,
    "the redemption is counted",
  );

  const history = await call("GET", "/history?prize_id=MUG");
  t.match(history.data.changes, [
    { changed_by: "admin: Ann", before: title, after: { probability: 1 } },
    { changed_by: "admin: Ann", before: mug, after: title },
    { changed_by: "admin: Ann", before: null, after: mug },
  ]);
  const results = await call("GET", "/results?username=kim&phones=yes");
  t.match(results.data.results, [
    { prize_id: "MUG", state: "redeemed", phone_no: "+85291234568" },
  ]);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const csv = await fetch(`${process.url}/admin/results.csv`, { headers });
  t.match(await csv.text(), /,kim,MUG,Mug,/);
  const viewer = await watch(process.url);
  await viewer.see("kim's win", ({ prizes, stale }) =>
    prizes.some(
      (it: { taken_total: number }) => it.taken_total === 1 && !stale,
    ),
  );
  viewer.hangUp();
  const simulation = await fetch(`${process.url}/admin/simulation`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ draws: 10, prizes: [{ ...mug, probability: 1 }] }),
  });
  const lines = (await simulation.text()).trim().split("\n");
  t.match(JSON.parse(lines.at(-1) ?? ""), { data: { draws: 10, no_prize: 0 } });
  t.equal((await call("DELETE", "/prizes/MUG", undefined, ANY)).status, 200);

  t.equal(await process.end("SIGTERM"), 0);
  t.same(process.lines.filter(isDenial), []);
});

t.test("requests are limited with the rights of the ACL", async (t) => {
  const process = await startProcess(t, server, {
    RATE_LIMIT_USER: "2",
    RATE_LIMIT_ADDRESS: "4",
  });
  const draw = async (username: string) =>
    (await post(`${process.url}/draw`, { username })).status;
  t.same(
    [await draw("zoe"), await draw("zoe"), await draw("zoe")],
    [200, 200, 429],
    "of one user",
  );
  t.same([await draw("una"), await draw("ida")], [200, 429], "of one address");
  t.equal(await process.end("SIGTERM"), 0);
  t.same(process.lines.filter(isDenial), []);
  t.same(
    process.lines.filter((line) => /nobody is limited/.test(line)),
    [],
  );
});

t.test("what the roles of Postgres may not do", async (t) => {
  await admin.sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at, phone_no, redeemed_at)
    values (gen_random_uuid(), 'ann', 'SURE', '2096-01-01', 1000, 1000, now(), '+85291234567', now())`;
  const denied = {
    code: "42501",
    message: /^permission denied|^must be owner/,
  };
  const serving = connectAs(t, server.databaseUrl);
  for (const statement of [
    "drop table result",
    "delete from result",
    "truncate result",
    "update result set user_id = 'eve'",
    "update result set prize_id = 'CAR'",
    "insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at, redeemed_at) values (gen_random_uuid(), 'eve', 'SURE', '2096-01-01', 1001, 1001, now(), now())",
    "delete from prize",
    "truncate prize",
    "alter table prize disable trigger user",
    "insert into prize_change (changed_by, prize_id) values ('migration', 'SURE')",
    "update prize_change set changed_by = 'Ann'",
    "delete from prize_change",
    "truncate prize_change",
    "insert into prize_version (version) values (1)",
    "delete from prize_version",
    "insert into redemption_count (draw_date, prize_id, slot, count) values ('2096-01-01', 'SURE', 0, 1)",
    "update redemption_count set count = 0",
    "delete from redemption_count",
    "create or replace function count_redemption() returns trigger language plpgsql as 'begin return null; end'",
    "drop function change_prizes",
    "delete from migration",
    "insert into migration (name) values ('x')",
    "alter table result drop constraint result_prize_id_unit_key",
    "create table mine (id int)",
    "create temp table mine (id int)",
    "copy result to program 'cat'",
  ]) {
    await t.rejects(serving.unsafe(statement), denied, statement);
  }
  await serving`update prize set title = 'Car' where id = 'NEW'`;
  const [change] = await serving`
    select changed_by, after ->> 'title' as title from prize_change order by id desc limit 1`;
  t.same(change, { changed_by: "lucky_server", title: "Car" });
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
    "insert into prize (id, title, probability) values ('CAR', 'Car', 1)",
    "update prize_version set version = 0",
    "delete from prize_change",
    "update redemption_count set count = 0",
  ]) {
    await t.rejects(reading.unsafe(statement), denied, statement);
  }
});

t.test("what is published is added to, and stays", async (t) => {
  t.equal((await migrate()).code, 0);
  const sql = connectAs(t, server.databaseUrl);
  const day = { campaign_id: "kept", draw_date: "2099-12-01" };
  const log = { ...day, shard: 0 };
  await sql`
    insert into proof_day ${sql({ ...day, seal: "{}", ends_at: "2099-12-02", shards: 1, key_text: "k" })}`;
  await sql`insert into proof_log ${sql({ ...log, begun_in: "x" })}`;
  await sql`
    insert into proof_chunk ${sql({ ...log, first_index: 0, first_seq: 0, lines: 1, first_byte: 0, bytes: 1, packed: Buffer.of(), blocks: Buffer.of(), checkpoint: "" })}`;
  await sql`
    insert into proof_win ${sql({ ...log, seq: 0, prize_id: "A", unit: 1, p: "" })}`;
  await sql`insert into proof_moments ${sql({ ...day, hash: "h", moments: "" })}`;
  await sql`update proof_log set size = 1, checkpoint = 'c'`;
  await sql`delete from proof_win`;
  await sql`update proof_day set beacon_signature = ''`;
  await sql`update proof_day set close = '{}'`;
  for (const text of [
    "update proof_day set seal = 'x'",
    "update proof_day set shards = 2",
    "update proof_chunk set packed = ''",
    "update proof_moments set moments = 'x'",
    ...["proof_day", "proof_log", "proof_chunk", "proof_moments"].flatMap(
      (name) => [`delete from ${name}`, `truncate ${name}`],
    ),
  ]) {
    await t.rejects(sql.unsafe(text), { code: "42501" }, text);
  }
  const reading = connectAs(t, reader);
  for (const name of ["day", "log", "chunk", "win", "moments"]) {
    await reading.unsafe(`select * from proof_${name}`);
    await t.rejects(reading.unsafe(`delete from proof_${name}`), {
      code: "42501",
    });
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
    /can't access at least one of the keys|No permissions to access a key/,
  );
  t.equal(await admin.redis.get("theirs"), "secret");
});

t.test("the user of Redis may run what the scripts call", async (t) => {
  const rights = await redisRights();
  const folder = new URL("../../lua/", import.meta.url);
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
