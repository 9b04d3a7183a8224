import { execFile } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import t from "tap";
import { runCommand } from "./support/run-command.js";
import { commandOf, START_OPTIONS } from "./support/server-process.js";
import { home } from "./support/temporary-folder.js";
import { createWorld } from "./support/world.js";

// What keeps the program from starting is told once, in a sentence with its remedy, before anything listens.

/** Runs the server until it ends by itself. */
function run(
  settings: Record<string, string>,
  cwd = home(),
): Promise<{ code: number; out: string; err: string }> {
  const [env, command] = commandOf();
  const options = {
    cwd,
    env: { PATH: process.env.PATH, ...settings },
    timeout: 60_000,
  };
  return new Promise((resolve) => {
    execFile(env, command, options, (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), out, err });
    });
  });
}

const folder = () => mkdtempSync(join(home(), "start-"));

t.test("mistakes of a start: a sentence, told once", async (t) => {
  const world = await createWorld(t);
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const stores = {
    DATABASE_URL: world.databaseUrl,
    REDIS_URL: world.redisUrl,
    PORT: "0",
  };
  const other = new URL(world.databaseUrl);
  other.pathname = "/there_is_no_such_database";
  const unknown = new URL(world.databaseUrl);
  unknown.searchParams.set("nonsense_parameter", "1");
  for (const [settings, sentence] of [
    [{ PORT: String(port) }, /PORT: \d+ is taken by another program/],
    [{ HOST: "203.0.113.77" }, /HOST: 203\.0\.113\.77 is no address of this/],
    [{ HOST: "no-such-host.invalid" }, /HOST: is no known name/],
    [{ DATABASE_URL: other.href }, /DATABASE_URL: there is no such database/],
    [{ DATABASE_URL: unknown.href }, /DATABASE_URL: .*parameter/],
    [
      { DATABASE_URL: "postgres://a:100%@127.0.0.1/b" },
      /DATABASE_URL: must be a URL/,
    ],
    [{ REDIS_URL: "redis://:50%zz@127.0.0.1" }, /REDIS_URL: must be a URL/],
  ] as [Record<string, string>, RegExp][]) {
    const { code, out, err } = await run({ ...stores, ...settings });
    t.equal(code, 1, String(sentence));
    t.match(err, sentence);
    t.notMatch(`${out}${err}`, /\n {4}at /, "no stack");
    const times = `${out}${err}`.match(new RegExp(sentence, "g"))?.length;
    t.equal(times, 1, "told once");
  }
});

t.test(
  "tables of another program are left alone, and nothing is half applied",
  async (t) => {
    for (const [what, make] of [
      ["migration", "create table migration (id int, version text)"],
      ["result", "create table result (id int)"],
      ["prize", "create table prize (name text)"],
    ] as const) {
      const world = await createWorld(t);
      await world.sql.unsafe(make);
      const { code, err } = await run({
        DATABASE_URL: world.databaseUrl,
        REDIS_URL: world.redisUrl,
        PORT: "0",
      });
      t.equal(code, 1, what);
      t.match(err, new RegExp(`tables of another program \\(${what}\\)`));
      const tables = await world.sql`
        select tablename from pg_tables where schemaname = 'public'`;
      t.same(
        tables.map(({ tablename }) => tablename),
        [what],
      );
    }
  },
);

t.test("with LOG_FORMAT=names lines have names and times", async (t) => {
  const world = await createWorld(t);
  const { err } = await run({ LOG_FORMAT: "names", PORT: "99999" });
  const line = JSON.parse(err.trim());
  t.equal(line.level, "fatal");
  t.match(line.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  t.match(line.msg, /PORT/);
  const other = new URL(world.databaseUrl);
  other.pathname = "/there_is_no_such_database";
  const { err: later } = await run({
    LOG_FORMAT: "names",
    DATABASE_URL: other.href,
    REDIS_URL: world.redisUrl,
    PORT: "0",
  });
  t.match(JSON.parse(later.trim()), {
    level: "fatal",
    msg: /no such database/,
  });
});

t.test("secrets may stand in files", async (t) => {
  const world = await createWorld(t);
  const cwd = folder();
  const file = (name: string, text: string) => {
    const path = join(cwd, name);
    writeFileSync(path, text);
    return path;
  };
  const REDIS_URL_FILE = file("redis", `${world.redisUrl}\n`);
  const DATABASE_URL_FILE = file("database", world.databaseUrl);
  const good = await runCommand(
    "check-config",
    {
      REDIS_URL_FILE,
      DATABASE_URL_FILE,
      ADMIN_TOKEN_FILE: file("t", "x".repeat(40)),
    },
    { cwd },
  );
  t.equal(good.code, 0, good.err);
  const bad = await runCommand(
    "check-config",
    {
      REDIS_URL_FILE,
      REDIS_URL: world.redisUrl,
      DATABASE_URL_FILE: join(cwd, "missing"),
      ADMIN_TOKEN_FILE: file("empty", "\n"),
      AUTH_JWT_SECRET_FILE: file("short", "short"),
      PORT: "99999",
    },
    { cwd },
  );
  t.equal(bad.code, 1);
  for (const sentence of [
    /REDIS_URL_FILE: can't be set together with REDIS_URL/,
    /DATABASE_URL_FILE: .*missing can't be read \(ENOENT\)/,
    /ADMIN_TOKEN_FILE: .* is empty/,
    /AUTH_JWT_SECRET: must/,
    /PORT: /,
  ]) {
    t.match(`${bad.out}${bad.err}`, sentence, "all at once");
  }
});

t.test(".env as editors write it", async (t) => {
  const text =
    '# é\r\nADMIN_TOKEN=\r\nexport PORT=99998\r\nTIME_ZONE="Nowhere"\r\n';
  const told = /PORT: [\s\S]*TIME_ZONE: /;
  for (const [what, bytes, sentence] of [
    ["UTF-8", Buffer.from(text), told],
    ["with a byte order mark", Buffer.from(`\uFEFF${text}`), told],
    ["UTF-16", Buffer.from(`\uFEFF${text}`, "utf16le"), told],
    [
      "UTF-16, the other way round",
      Buffer.from(`\uFEFF${text}`, "utf16le").swap16(),
      told,
    ],
    ["Latin-1", Buffer.from(text, "latin1"), /\.env: must be text in UTF-8/],
    [
      "UTF-16 without a mark",
      Buffer.from("PORT=1\n", "utf16le"),
      /\.env: must be text in UTF-8/,
    ],
  ] as [string, Buffer, RegExp][]) {
    const cwd = folder();
    writeFileSync(join(cwd, ".env"), bytes);
    const { code, err } = await run({}, cwd);
    t.equal(code, 1, what);
    t.match(err, sentence, what);
    t.notMatch(err, /ADMIN_TOKEN/, "empty is not set");
  }
  const cwd = folder();
  mkdirSync(join(cwd, ".env"));
  t.match((await run({}, cwd)).err, /\.env: can't be read \(EISDIR\)/);
});

t.test("a user without a name can change prizes", async (t) => {
  const world = await createWorld(t);
  const { databaseUrl: DATABASE_URL } = world;
  await runCommand("migrate", { DATABASE_URL });
  const [env, command] = commandOf(
    new URL("../dist/commands/prizes.js", import.meta.url).pathname,
  );
  chmodSync(home(), 0o755);
  const args = [
    "set",
    "MUG",
    "--new",
    "--title",
    "A mug",
    "--probability",
    "1",
  ];
  const isRoot = process.getuid?.() === 0;
  const [file, prefix] = isRoot
    ? ["setpriv", ["--reuid=54321", "--clear-groups", env]]
    : [env, [] as string[]];
  const { code, err } = await new Promise<{ code: number; err: string }>(
    (resolve) => {
      execFile(
        file as string,
        [...(prefix as string[]), ...command, ...args],
        { cwd: "/", env: { PATH: process.env.PATH, DATABASE_URL } },
        (error, _out, err) => resolve({ code: Number(error?.code ?? 0), err }),
      );
    },
  );
  t.equal(code, 0, err);
  const [row] = await world.sql`select changed_by from prize_change`;
  if (isRoot) t.match(row?.changed_by, /uid 54321/);
});

t.test("the image and Compose start Node as npm start does", async (t) => {
  t.ok(START_OPTIONS.length > 0);
  const command = ["node", ...START_OPTIONS, "dist/main.js"]
    .map((it) => `"${it}"`)
    .join(", ");
  for (const file of ["Dockerfile", "docker-compose.yml"]) {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
    t.match(text, command, file);
  }
});
