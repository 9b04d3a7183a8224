import t from "tap";
import { migrate, migrations } from "../../src/stores/migrate.js";
import { ADMIN, adminOf } from "../support/admin-calls.js";
import { post, told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// What a database or a role presets changes no answer, or is refused at the start with a sentence.

/** Everything that changes how a statement is read, what it returns or what a commit means, set to an unusual value. */
const PRESETS = [
  "timezone = 'Asia/Kathmandu'",
  "datestyle = 'German, DMY'",
  "intervalstyle = 'sql_standard'",
  "default_transaction_isolation = 'serializable'",
  "default_transaction_read_only = 'on'",
  "default_transaction_deferrable = 'on'",
  "statement_timeout = '5ms'",
  "lock_timeout = '1ms'",
  "idle_in_transaction_session_timeout = '5ms'",
  "idle_session_timeout = '50ms'",
  "standard_conforming_strings = 'off'",
  "backslash_quote = 'off'",
  "bytea_output = 'escape'",
  "extra_float_digits = '-15'",
  "client_encoding = 'LATIN1'",
  "row_security = 'off'",
  "synchronous_commit = 'off'",
  "check_function_bodies = 'off'",
  "transform_null_equals = 'on'",
  "array_nulls = 'off'",
  "xmloption = 'document'",
  "quote_all_identifiers = 'on'",
  "lc_messages = 'C'",
  "plan_cache_mode = 'force_generic_plan'",
  "enable_indexscan = 'off'",
  "enable_seqscan = 'off'",
  "enable_hashjoin = 'off'",
  "default_statistics_target = 1",
  "plpgsql.variable_conflict = 'use_column'",
  "plpgsql.extra_errors = 'all'",
  "client_min_messages = 'debug1'",
  "default_toast_compression = 'pglz'",
];

const nameOf = ({ databaseUrl }: World) =>
  new URL(databaseUrl).pathname.slice(1);

t.test("all answers are the same", async (t) => {
  const [plain, preset] = await Promise.all([createWorld(t), createWorld(t)]);
  // Before the migrations, so that they run with them, too.
  for (const text of PRESETS) {
    await preset.sql.unsafe(`alter database ${nameOf(preset)} set ${text}`);
  }
  const [one, other] = [await story(t, plain), await story(t, preset)];
  t.same(other, one);
});

t.test("statements run in read committed, whatever is preset", async (t) => {
  const world = await createWorld(t);
  await world.sql.unsafe(
    `alter database ${nameOf(world)} set default_transaction_isolation = 'serializable'`,
  );
  const { postgres } = await startServer(t, world);
  const [row] = await postgres.query(
    (sql) => sql`select current_setting('transaction_isolation') as isolation`,
  );
  t.same(row, { isolation: "read committed" });
});

/** What a server answers, without what is another one each time. */
async function story(t: Parameters<typeof startServer>[0], world: World) {
  const server = await startServer(t, world, {
    ...ADMIN,
    localTime: () => NOON,
    sharedTime: async () => NOON,
  });
  const call = adminOf(server.url);
  const setup = [
    {
      id: "SURE",
      title: "Sûr 陳 \\'\"",
      probability: "0.123456789012345",
      daily_quota: 5,
      total_quota: 7,
    },
    {
      id: "WIN",
      title: "Win",
      probability: "0.8",
      daily_quota: null,
      total_quota: null,
    },
  ];
  const answers: unknown[] = [];
  const keep = (answer: unknown) => answers.push(answer);
  keep(await call("PUT", "/prizes", { prizes: setup }, { "if-match": "*" }));
  await setPrizes(world, [{ id: "WIN" }], server).catch(async () => {
    // Where this connection is read-only or out of time by its presets, so is whoever uses psql.
    await call(
      "PUT",
      "/prizes",
      { prizes: [{ id: "WIN", title: "a WIN", probability: 1 }] },
      { "if-match": "*" },
    );
    await server.prizes.reload();
  });
  for (const username of ["陳大文", "O'Neil \\", "ann"]) {
    const won = await post(`${server.url}/draw`, { username });
    keep([won.status, told(won.body), won.body.data?.result?.created_at]);
    const id = won.body.data?.result?.id;
    for (const phone_no of ["+85291234567", "+85291234567", "+85261234567"]) {
      const redeemed = await post(`${server.url}/redeem`, {
        id,
        username,
        phone_no,
      });
      keep([redeemed.status, redeemed.body]);
    }
  }
  keep(await (await fetch(`${server.url}/prizes`)).json());
  for (const path of [
    "/prizes",
    "/results",
    "/results?phone_no=%2B85291234567",
    "/figures",
    `/results?date=2096-07-01`,
  ]) {
    const answer = await call("GET", path);
    // Their order is that of their ids, which are chance.
    answer.data?.results?.sort(
      (one: { unit: number }, other: { unit: number }) => one.unit - other.unit,
    );
    keep(answer);
  }
  return JSON.parse(
    JSON.stringify(answers)
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UUID")
      .replace(/"version":"\d+"/g, '"version":""')
      .replace(/"next_cursor":"[^"]*"/g, '"next_cursor":""')
      .replace(
        /"redeemed_at":"\d{4}-\d\d-\d\dT[\d:.]+Z"/g,
        '"redeemed_at":"Z"',
      ),
  );
}

const NOON = Date.parse("2096-07-01T12:00:00Z");

t.test("a database that can't hold every name is refused", async (t) => {
  const world = await createWorld(t);
  for (const encoding of ["SQL_ASCII", "LATIN1", "EUC_TW"]) {
    const name = `${nameOf(world)}_${encoding.toLowerCase()}`;
    await world.sql.unsafe(
      `create database ${name} template template0 encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`,
    );
    t.teardown(() =>
      world.sql.unsafe(`drop database if exists ${name} with (force)`),
    );
    const url = new URL(world.databaseUrl);
    url.pathname = `/${name}`;
    const sentence = new RegExp(
      `is encoded in ${encoding}[\\s\\S]*createdb -T template0 -E UTF8`,
    );
    const other = { ...world, databaseUrl: url.href };
    await t.rejects(startProcess(t, other), sentence);
    const doctor = await runCommand("doctor", {
      DATABASE_URL: url.href,
      REDIS_URL: world.redisUrl,
    });
    t.equal(doctor.code, 1);
    t.match(doctor.out, sentence);
    await world.sql.unsafe(`drop database ${name} with (force)`);
  }
});

t.test("triggers that are switched off are refused", async (t) => {
  const world = await createWorld(t);
  const name = nameOf(world);
  await world.sql.unsafe(
    `alter database ${name} set session_replication_role = replica`,
  );
  await t.rejects(
    migrate(world.databaseUrl, false),
    new RegExp(
      `session_replication_role .* alter database ${name} reset session_replication_role`,
    ),
  );
});

t.test(
  "Postgres ends the connection in every step of the migrations",
  async (t) => {
    const world = await createWorld(t);
    const name = nameOf(world);
    const { sql } = world;
    await sql.unsafe(
      `create table migration (name text primary key, applied_at timestamptz not null default now())`,
    );
    const files = await migrations();
    // Nobody can add to the list while we hold a name of it; the next name is held before this one is released.
    const hold = async (file: string) => {
      const lock = await sql.reserve();
      await lock`begin`;
      await lock`insert into migration (name) values (${file})`;
      return async () => {
        await lock`rollback`;
        lock.release();
      };
    };
    let release = await hold(files[0] ?? "");
    const opening = startServer(t, world);
    for (const [n, file] of files.entries()) {
      await until(
        `its turn at ${file}`,
        async () => {
          const [row] = await sql`
          select pid from pg_stat_activity
          where datname = ${name} and application_name = 'lucky-draw-migrate' and wait_event = 'transactionid'`;
          if (!row) throw new Error("nobody waits");
          await sql`select pg_terminate_backend(${row.pid})`;
        },
        60_000,
      );
      const next = files[n + 1];
      const releaseNext = next === undefined ? undefined : await hold(next);
      await release();
      release = releaseNext ?? (async () => {});
    }
    await opening;
    const applied = await sql`select name from migration order by name`;
    t.same(
      applied.map((row) => row.name),
      files,
    );
  },
);
