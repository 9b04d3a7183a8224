import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { runCommand } from "../support/run-command.js";
import { commandOf } from "../support/server-process.js";
import { startServer } from "../support/start-server.js";
import { home } from "../support/temporary-folder.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// The commands prizes and results, as built.

type Context = { cwd: string; env?: Record<string, string> };

async function run(name: string, args: string[], { cwd, env = {} }: Context) {
  const path = new URL(`../../dist/commands/${name}.js`, import.meta.url);
  const [program, command] = commandOf(fileURLToPath(path));
  const child = spawn(program, [...command, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code, out, err };
}

async function folder(t: Test): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "lucky-draw-commands-"));
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** A migrated database, and a folder to work in. */
async function setUp(t: Test) {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const cwd = await folder(t);
  const env = { DATABASE_URL: world.databaseUrl };
  const prizes = (...args: string[]) => run("prizes", args, { cwd, env });
  const results = (...args: string[]) => run("results", args, { cwd, env });
  const file = join(cwd, "prizes.csv");
  return { world, server, cwd, prizes, results, file };
}

const OLD_HEADER = "id,title,probability,daily_quota,total_quota,active";
const HEADER = `${OLD_HEADER},fallback`;

t.test("set, list, export, import: what goes out comes in", async (t) => {
  const { world, prizes, file } = await setUp(t);
  const { sql } = world;
  const mug = ["set", "MUG", "--title", '=Mug, "big"', "--probability", "0.25"];
  t.match(await prizes(...mug), { code: 1, err: /^id: there is no prize MUG/ });
  t.same(await prizes(...mug, "--new", "--daily-quota", "5"), {
    code: 0,
    out: "MUG: saved.\n",
    err: "",
  });
  t.match(await prizes(...mug, "--new"), { code: 1, err: /already/ });
  t.match(
    await prizes(
      "set",
      "MUG",
      "--daily-quota",
      "unlimited",
      "--total-quota",
      "7",
    ),
    { code: 0 },
  );
  const off = ["--active", "false", "--fallback", "true"];
  t.match(await prizes("set", "MUG", ...off), { code: 0 });
  await sql`insert into prize values ('B', 'a B', 0.333333333333333333333, 1, null)`;
  const rows = await sql`select * from prize order by id`;
  t.match(rows[1], {
    title: '=Mug, "big"',
    daily_quota: null,
    total_quota: 7,
    active: false,
    fallback: true,
  });

  const listed = await prizes("list");
  t.equal(listed.code, 0);
  t.match(listed.out, /^ID +TITLE +ODDS +A DAY +IN ALL +ACTIVE +FALLBACK\n/);
  t.match(listed.out, /^MUG +=Mug, "big" +0.25 +unlimited +7 +no +yes$/m);
  t.match(listed.out, /sum to 0.333333333; no prize: 0.666666667\n$/);

  const exported = await prizes("export");
  t.equal(
    exported.out,
    `${HEADER}\nB,a B,0.333333333333333333333,1,,true,false\nMUG,"=Mug, ""big""",0.25,,7,false,true\n`,
  );
  await sql`update prize set active = not active, title = 'x', probability = 0.1, daily_quota = 9`;
  await writeFile(file, exported.out);
  t.same(await prizes("import", file), {
    code: 0,
    out: "2 prizes: saved.\n",
    err: "",
  });
  t.same([...(await sql`select * from prize order by id`)], [...rows]);
  const [last] =
    await sql`select changed_by from prize_change order by id desc limit 1`;
  t.equal(last?.changed_by, `command: ${userInfo().username}`);

  await writeFile(file, `\ufeff${OLD_HEADER}\r\nNEW,Neu,.5,,,true\r\n`);
  t.match(await prizes("import", file), { code: 0 });
  t.same(
    [...(await sql`select id, active from prize order by id`)],
    [
      { id: "B", active: false },
      { id: "MUG", active: false },
      { id: "NEW", active: true },
    ],
  );
});

t.test("an import tells all mistakes at once and saves nothing", async (t) => {
  const { world, prizes, file } = await setUp(t);
  await prizes("set", "A", "--title", "a A", "--probability", "0.5", "--new");
  const before = await world.sql`select * from prize`;
  const refuse = async (content: string, ...mistakes: string[]) => {
    await writeFile(file, content);
    const { code, out, err } = await prizes("import", file);
    t.equal(code, 1);
    t.equal(out, "");
    t.equal(err, `${file} was not imported:\n  ${mistakes.join("\n  ")}\n`);
  };
  await refuse(
    `${OLD_HEADER}
A,a A,0.5,,,true
A,"two
lines",2,,,true
b c,,x,-1,1.5,maybe
D,a D,0.1,2147483648,,true
`,
    "line 4: title: must have 1 to 200 visible characters, no control characters and no marks that hide or turn a text.",
    "line 4: probability: must be a number from 0 to 1.",
    "line 4: id: A is in line 2 already.",
    "line 5: id: must have 1 to 64 letters, digits, dots, dashes or underscores.",
    "line 5: title: must have 1 to 200 visible characters, no control characters and no marks that hide or turn a text.",
    "line 5: probability: must be a number from 0 to 1.",
    "line 5: daily_quota: must be a whole number from 0 to 2147483647, or null: unlimited.",
    "line 5: total_quota: must be a whole number from 0 to 2147483647, or null: unlimited.",
    "line 5: active: must be true or false.",
    "line 6: daily_quota: must be a whole number from 0 to 2147483647, or null: unlimited.",
  );
  await refuse(
    `${OLD_HEADER}\nA,a A,0.5,,,true\nB,a B,0.50000000000000000001,,,true\n`,
    "probability: the odds of the active prizes would sum to 1.00000000000000000001; lower them to 1 at most.",
  );
  await refuse(`${OLD_HEADER}\n`, "line 2: is missing; name a prize.");
  for (const [content, sentence] of [
    ["id,title\nA,a A\n", `line 1: must be ${HEADER}, as prizes export writes`],
    [`${OLD_HEADER}\nA,a A\n`, "Invalid Record Length"],
    [`${OLD_HEADER}\nA,"a A\n`, "Quote Not Closed"],
    ["", "line 2: is missing"],
  ] as const) {
    await writeFile(file, content);
    const { code, err } = await prizes("import", file);
    t.equal(code, 1);
    t.ok(err.includes(sentence), `${sentence}: ${err}`);
  }
  t.match(await prizes("import", "/nowhere.csv"), {
    code: 1,
    err: /^\/nowhere.csv can't be read: /,
  });
  t.same(await world.sql`select * from prize`, before);
});

t.test("results of a day", async (t) => {
  const { world, server, prizes, results } = await setUp(t);
  await prizes("set", "A", "--title", "a A", "--probability", "1", "--new");
  await server.prizes.reload();
  t.match(await server.draw("=ann"), { status: 200 });
  const { date } = server.clock.today();
  await world.sql`update result set phone_no = '+85251234567', redeemed_at = now()`;
  const plain = await results("export", "--day", date);
  t.equal(plain.code, 0);
  t.match(
    plain.out,
    /^id,user_id,.*,redeemed_at\r\n[0-9a-f-]{36},'=ann,A,a A,/,
  );
  t.notMatch(plain.out, "85251234567");
  t.equal(plain.err, "1 wins\n");
  const phones = await results("export", "--day", "today", "--phones");
  t.match(phones.out, /,redeemed,[^,]+,\+85251234567\r\n$/);
  const none = await results("export", "--day", "2092-02-29");
  t.same([none.code, none.out.split("\r\n").length], [0, 2]);
  await world.sql`
    insert into result select gen_random_uuid(), n::text, 'A', '2096-01-01', 1000 + n, n, now()
    from generate_series(1, 3000) n`;
  const many = await results("export", "--day", "2096-01-01");
  t.equal(many.out.trim().split("\r\n").length, 3001);
});

t.test("help, wrong calls and a database that is not there", async (t) => {
  const { cwd, prizes, results } = await setUp(t);
  for (const help of [await prizes("--help"), await results("export", "-h")]) {
    t.match(help, { code: 0, err: "", out: /^npm run -s / });
    t.match(help.out, /Exit code: 0 done, 1 failed/);
  }
  const wrong: [Promise<{ code: number; err: string }>, RegExp][] = [
    [prizes(), /^A command is missing\./],
    [prizes("drop"), /^There is no command drop\./],
    [prizes("toString"), /^There is no command toString\./],
    [prizes("list", "more"), /^Unexpected argument 'more'/],
    [prizes("set"), /^set: name one prize\./],
    [prizes("set", "A"), /^set: name something to change\./],
    [prizes("set", "A", "--colour", "red"), /^Unknown option '--colour'/],
    [prizes("import"), /^import: name one file\./],
    [results("export"), /^--day: must be a date/],
    [results("export", "--day", "2096-02-30"), /^--day: must be a date/],
  ];
  for (const [asking, sentence] of wrong) {
    const { code, err } = await asking;
    t.equal(code, 2);
    t.match(err, sentence);
    t.match(err, /\n\nnpm run -s /, "the usage comes with it");
  }
  t.match(await prizes("set", "A", "--probability", "2"), {
    code: 1,
    err: "probability: must be a number from 0 to 1.\n",
  });
  const away = { DATABASE_URL: "postgres://nobody:secret@127.0.0.1:1/none" };
  const refused = await run("prizes", ["list"], { cwd, env: away });
  t.match(refused, { code: 1, out: "", err: /^Postgres can't do it: / });
  t.notMatch(refused.err, /secret|at .*js/);
  t.match(await run("prizes", ["list"], { cwd }), {
    code: 1,
    err: /no embedded pair runs in .*\.data: set them, or run npm start/,
  });
  const bare = await createWorld(t);
  const env = { DATABASE_URL: bare.databaseUrl };
  t.match(await run("prizes", ["list"], { cwd, env }), {
    code: 1,
    err: /the tables of Lucky Draw are missing/,
  });
});

t.test("the embedded pair of an npm start in this folder", async (t) => {
  const cwd = await folder(t);
  const [program, command] = commandOf();
  const child = spawn(program, command, {
    cwd,
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  t.teardown(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  child.stderr.resume();
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await until(
    "a start",
    async () => {
      if (!said.includes("listens on")) throw new Error(said);
    },
    30_000,
  );
  const set = await run("prizes", ["set", "FIVE_DOLLAR", "--title", "Five"], {
    cwd,
  });
  t.same(set, { code: 0, out: "FIVE_DOLLAR: saved.\n", err: "" });
  t.match(await run("prizes", ["list"], { cwd }), { code: 0, out: /Five/ });
  child.kill("SIGTERM");
  await exited;
  t.match(await run("prizes", ["list"], { cwd }), {
    code: 1,
    err: /no embedded pair runs in/,
  });
});

t.test("files as spreadsheets save them", async (t) => {
  const world = await createWorld(t);
  const { databaseUrl: DATABASE_URL } = world;
  await runCommand("migrate", { DATABASE_URL });
  const folder = mkdtempSync(join(home(), "sheets-"));
  const file = join(folder, "prizes.csv");
  const load = async (bytes: Buffer | string) => {
    writeFileSync(file, bytes);
    return runCommand("prizes", { DATABASE_URL }, { args: ["import", file] });
  };
  const commas =
    'id,title,probability,daily_quota,total_quota,active\r\nMUG,"咖啡, hot",0.25,,10,TRUE\r\n';
  const semicolons =
    "id;title;probability;daily_quota;total_quota;active;;\r\nMUG;咖啡, hot;0,25;;10;TRUE;;\r\n;;;;;;;\r\n";
  for (const [what, bytes] of [
    ["with a byte order mark", `\uFEFF${commas}`],
    ["semicolons and decimal commas", semicolons],
    ["tabs", semicolons.replaceAll(";", "\t")],
    [
      "Unicode text",
      Buffer.from(`\uFEFF${semicolons.replaceAll(";", "\t")}`, "utf16le"),
    ],
  ] as const) {
    const { code, err } = await load(bytes);
    t.equal(code, 0, `${what}: ${err}`);
    const rows = await world.sql`
      select id, title, probability::float8 as odds, daily_quota, total_quota, active from prize`;
    t.same(
      [...rows],
      [
        {
          id: "MUG",
          title: "咖啡, hot",
          odds: 0.25,
          daily_quota: null,
          total_quota: 10,
          active: true,
        },
      ],
      what,
    );
  }
  for (const [what, bytes] of [
    [
      "Big5",
      Buffer.concat([
        Buffer.from(commas.replace("咖啡", "")),
        Buffer.from([0xa9, 0x40, 0xb0, 0xd8]),
      ]),
    ],
    ["Windows-1252", Buffer.from(commas.replace("咖啡", "Café"), "latin1")],
  ] as const) {
    const { code, err } = await load(bytes);
    t.equal(code, 1, what);
    t.match(err, /not in UTF-8\. Save it as «CSV UTF-8»/);
  }
  const percent = await load(commas.replace("0.25", "25%"));
  t.equal(percent.code, 1);
  t.match(percent.err, /line 2: probability: /);
  const [row] = await world.sql`select title from prize`;
  t.equal(row?.title, "咖啡, hot", "nothing came into force");
});
