import { execFile } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { runCommand } from "./support/run-command.js";
import { runServer as run } from "./support/run-server.js";
import { commandOf, START_OPTIONS } from "./support/server-process.js";
import { home } from "./support/temporary-folder.js";
import { createWorld } from "./support/world.js";

// What keeps the program from starting is told once, in a sentence with its remedy, before anything listens.

/** Options of a Node that has not got a package. */
function without(name: string): string {
  const hook = `export async function resolve(specifier, context, next) {
    if (specifier !== ${JSON.stringify(name)}) return next(specifier, context);
    throw Object.assign(new Error("not found"), { code: "ERR_MODULE_NOT_FOUND" });
  }`;
  const module = (code: string) =>
    `data:text/javascript,${encodeURIComponent(code)}`;
  const load = `import { register } from "node:module"; register(${JSON.stringify(module(hook))});`;
  return `--import=${module(load)}`;
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
    [{ WORKERS: "0" }, /WORKERS: must be a number from 1 to 99, or auto/],
    [{ WORKERS: "all" }, /WORKERS: must be a number from 1 to 99, or auto/],
    // Each worker meets it.
    [{ WORKERS: "3", PORT: String(port) }, /PORT: \d+ is taken by another/],
    [{ WORKERS: "2", HOST: "203.0.113.77" }, /HOST: 203\.0\.113\.77 is no/],
    [{ WORKERS: "2", DATABASE_URL: other.href }, /there is no such database/],
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

t.test("traces without their packages: a sentence", async (t) => {
  const world = await createWorld(t);
  const settings = {
    DATABASE_URL: world.databaseUrl,
    REDIS_URL: world.redisUrl,
    PORT: "0",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
  };
  const options = [without("@fastify/otel")];
  const { code, err } = await run(settings, undefined, options);
  t.equal(code, 1);
  t.match(err, /^OTEL_EXPORTER_OTLP_ENDPOINT: .*npm run install:traces\n$/);
});

type Locked = { version: string; dev?: true; engines?: { node?: string } };

const lockFile = (): { packages: Record<string, Locked> } =>
  JSON.parse(
    readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"),
  );

t.test(
  "what the first install leaves out is pinned all the same",
  async (t) => {
    const { packages } = lockFile();
    const { scripts } = JSON.parse(
      readFileSync(new URL("../package.json", import.meta.url), "utf8"),
    );
    const script: string = scripts["install:traces"];
    const named = script.split(" ").filter((it) => /.@\d/.test(it));
    t.ok(named.length > 3);
    for (const it of named) {
      const [, name, version] = /^(.+)@(.+)$/.exec(it) ?? [];
      t.equal(packages[`node_modules/${name}`]?.version, version, it);
    }
  },
);

t.test(
  "the first command brings at most 130 packages, none for another Node",
  async (t) => {
    const folder = mkdtempSync(join(home(), "install-"));
    for (const file of ["package.json", "package-lock.json"]) {
      copyFileSync(new URL(`../${file}`, import.meta.url), join(folder, file));
    }
    const options = ["--dry-run", "--offline", "--no-audit", "--no-fund"];
    const args = ["ci", "--omit=dev", "--json", ...options];
    const told = await promisify(execFile)("npm", args, { cwd: folder });
    const { added } = JSON.parse(told.stdout.slice(told.stdout.indexOf("{")));
    t.ok(added > 50 && added <= 130, `${added} packages`);

    const { packages } = lockFile();
    const { satisfies } = createRequire(import.meta.url)("semver");
    const least = packages[""]?.engines?.node?.replace(">=", "");
    for (const [path, { dev, engines }] of Object.entries(packages)) {
      if (dev || !engines?.node) continue;
      const fits = satisfies(`${least}.0`, engines.node);
      t.ok(fits, `${path} wants Node ${engines.node}`);
    }
  },
);

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
