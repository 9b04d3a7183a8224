import { randomUUID } from "node:crypto";
import t from "tap";
import { migrations } from "../../src/stores/migrate.js";
import { createPostgres } from "../../src/stores/postgres.js";
import { inParallel } from "../support/in-parallel.js";
import { behindPooler } from "../support/pgbouncer.js";
import { post, told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// Everything behind a PgBouncer with its defaults: which link a transaction gets is chance.

for (const mode of ["transaction", "session", "statement"] as const) {
  t.test(`${mode} mode: from an empty database on`, async (t) => {
    const world = await createWorld(t);
    // Few links for many callers: every statement may run on another one.
    const behind = await behindPooler(t, world, mode, "default_pool_size = 12");
    const options = { settings: { ADMIN_TOKEN: "a".repeat(32) } };
    const servers = await Promise.all(
      [1, 2].map(() => startServer(t, behind, options)),
    );
    const applied = await world.sql`select name from migration order by name`;
    t.same(
      applied.map(({ name }) => name),
      await migrations(),
    );
    await setPrizes(world, [{ id: "SURE" }], ...servers);
    const users = Array.from({ length: 150 }, (_, n) => `o'n\\eil "${n}" 陳`);
    const wrong: unknown[] = [];
    await inParallel(users, 30, async (username) => {
      const one = servers[username.length % 2] ?? servers[0];
      const { body } = await answered(`${one?.url}/draw`, { username });
      if (told(body) !== "won") wrong.push(body);
      const id = body.data?.result?.id;
      const claim = { id, username, phone_no: "+85291234567" };
      const tries = await Promise.all(
        servers.map(({ url }) => answered(`${url}/redeem`, claim)),
      );
      const bad = tries.filter(({ status }) => status !== 200);
      wrong.push(...bad.map(({ body }) => body));
    });
    t.same(wrong, [], "150 wins, each redeemed twice at once");
    const [rows] = await world.sql`
      select count(*)::int as n, count(redeemed_at)::int as redeemed, min(user_id) as name from result`;
    t.same(rows, { n: 150, redeemed: 150, name: users.sort()[0] });

    const doctor = await runCommand("doctor", {
      DATABASE_URL: behind.databaseUrl,
      REDIS_URL: behind.redisUrl,
    });
    t.equal(doctor.code, 0, doctor.out);
    t.match(doctor.out, /ok {4}Postgres answers through a pooler/);
  });
}

/** The answer of a caller who comes again after a 503, as long as it takes on a busy machine. */
const answered = (url: string, payload: object) =>
  until(
    url,
    async () => {
      const name = Buffer.from(JSON.stringify(payload))
        .toString("hex")
        .slice(0, 250);
      const key = { "idempotency-key": name };
      const answer = await post(url, payload, url.endsWith("draw") ? key : {});
      if (answer.status === 503) throw new Error("503");
      return answer;
    },
    60_000,
  );

t.test("every kind of value comes through as with parameters", async (t) => {
  const world = await createWorld(t);
  const behind = await behindPooler(t, world, "transaction");
  const links = [world, behind].map(({ databaseUrl }) => {
    const postgres = createPostgres(databaseUrl);
    t.teardown(postgres.close);
    return postgres;
  });
  const texts = [
    "",
    "'",
    "\\'; drop table x; --",
    "\\",
    "$1 $$ $a$",
    "/* -- */",
    "E'\\''",
    '{"a",NULL}',
    "NULL",
    "null",
    "𝒜é\u0085\u200b",
    "line\nline\r\t",
    "%s %% ? :x",
  ];
  const numbers = [0, -1, 1.5, -1e-9, 1e21, 2 ** 53, Number.NaN, -Infinity];
  const id = randomUUID();
  for (const postgres of links) {
    const [row] = await postgres.query(
      (sql) => sql`
        select ${texts}::text[] = array(select jsonb_array_elements_text(${JSON.stringify(texts)}::text::jsonb)) as same,
          array_to_json(${numbers}::float8[])::text as numbers, 5 -${-1}::int as difference, ${id}::uuid as id,
          ${true}::boolean and not ${false}::boolean as truth, ${null}::text is null as nothing,
          ${sql`${texts[2] ?? ""}::text`} as text`,
    );
    t.same(row, {
      same: true,
      numbers:
        '[0,-1,1.5,-1e-09,1e+21,9.007199254740992e+15,"NaN","-Infinity"]',
      difference: 6,
      id,
      truth: true,
      nothing: true,
      text: texts[2],
    });
    for (const text of texts) {
      const [back] = await postgres.query(
        (sql) => sql`select ${text}::text as text`,
      );
      t.equal(back?.text, text);
    }
    await t.rejects(
      postgres.query((sql) => sql`select ${"a\0b"}::text`),
      { code: "22021" },
    );
  }
});

t.test("what a statement runs with", async (t) => {
  const world = await createWorld(t);
  const behind = await behindPooler(t, world, "transaction");
  const name = new URL(world.databaseUrl).pathname.slice(1);
  for (const preset of [
    "statement_timeout = '9s'",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_read_only = 'on'",
    "synchronous_commit = 'off'",
    "lock_timeout = '1ms'",
    "extra_float_digits = -15",
    "DateStyle = 'German'",
    "TimeZone = 'Asia/Kathmandu'",
  ]) {
    await world.sql.unsafe(`alter database ${name} set ${preset}`);
  }
  const postgres = createPostgres(behind.databaseUrl);
  t.teardown(postgres.close);
  for (let n = 0; n < 3; n += 1) {
    const [row] = await postgres.query(
      (sql) => sql`
        select current_setting('statement_timeout') as patience, current_setting('lock_timeout') as lock_timeout,
          current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only,
          current_setting('synchronous_commit') as synchronous_commit, 0.1::float8 + 0.2::float8 as sum,
          '2096-02-01'::date::text as date, '2096-02-01 00:00:00+00'::timestamptz as moment`,
    );
    t.same(row, {
      patience: "1s",
      lock_timeout: "0",
      isolation: "read committed",
      read_only: "off",
      synchronous_commit: "on",
      sum: 0.1 + 0.2,
      date: "2096-02-01",
      moment: new Date("2096-02-01T00:00:00Z"),
    });
  }
  await t.rejects(
    postgres.query((sql) => sql`select pg_sleep(60)`),
    { code: "UNAVAILABLE" },
  );
  await until("its end in Postgres", async () => {
    const left = await world.sql`
      select from pg_stat_activity
      where datname = ${name} and query like '%sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`;
    if (left.count > 0) throw new Error("it runs");
  });
});

t.test("a pooler that swallows what it can't pass on", async (t) => {
  const world = await createWorld(t);
  const ignored =
    "ignore_startup_parameters = statement_timeout, lock_timeout, synchronous_commit, jit, extra_float_digits, IntervalStyle, bytea_output, array_nulls, transform_null_equals, row_security, default_transaction_isolation, default_transaction_read_only, default_transaction_deferrable, idle_in_transaction_session_timeout, idle_session_timeout";
  const behind = await behindPooler(t, world, "transaction", ignored);
  const server = await startServer(t, behind);
  await setPrizes(world, [{ id: "SURE" }], server);
  const users = Array.from({ length: 100 }, (_, n) => `user ${n}`);
  const answers: string[] = [];
  await inParallel(users, 20, async (username) => {
    const { body } = await answered(`${server.url}/draw`, { username });
    answers.push(told(body));
  });
  t.same([...new Set(answers)], ["won"]);
  t.ok(server.postgres.isPooled());
});
