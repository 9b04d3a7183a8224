import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { drawnLines, keepDay, PROOF_KEY } from "../support/kept-day.js";
import { runCommand } from "../support/run-command.js";
import { setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { home } from "../support/temporary-folder.js";
import { createWorld } from "../support/world.js";

// npm run proof.

const DAY = { campaign: "fair", day: "2026-11-20" };
const NEXT = { campaign: "fair", day: "2026-11-21" };
const ODDS = { CUP: 0.1, PEN: 0.25 };

async function setUp(t: Test) {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setCampaign(world, { id: "fair", verifiable: true }, [
    { id: "CUP", probability: 0.1, daily_quota: 5 },
    { id: "PEN", probability: 0.25 },
  ]);
  const env = { DATABASE_URL: world.databaseUrl };
  const run = (args: string[], settings = {}) =>
    runCommand("proof", { ...env, ...settings }, { args });
  return { world, server, run };
}

t.test("a day in a folder, which the verifier takes", async (t) => {
  const { world, server, run } = await setUp(t);
  const lines = drawnLines(DAY, { draws: 900, odds: ODDS });
  const kept = await keepDay(world.sql, {
    ...DAY,
    closed: true,
    logs: [lines],
  });
  const folder = join(home(), "a", "day");
  const args = ["export", "--campaign", "fair", "--day", DAY.day, folder];
  // The key alone makes no auditor's export.
  const { code, out, err } = await run(args, { PROOF_KEY });
  t.same([code, out], [0, ""], err);
  t.match(err, `log-0.tsv: ${kept.logs[0]?.bytes} bytes\n`);
  t.match(err, /2026-11-20 of fair: it is closed\.\n$/);
  t.same((await readdir(folder)).sort(), [
    ...["checkpoint-0.note", "checkpoints-0.txt", "close.note", "key.txt"],
    ...["log-0.tsv", "seal.note"],
  ]);
  const read = (name: string) => readFile(join(folder, name), "utf8");
  t.equal(await read("log-0.tsv"), kept.logs[0]?.text);
  t.equal(await read("seal.note"), kept.seal);
  t.equal(await read("close.note"), kept.close);
  const checked = await runCommand("../verify/main", {}, { args: [folder] });
  t.equal(checked.code, 0, checked.out + checked.err);
  const url = `${server.url}/proof/fair/${DAY.day}/`;
  const fetched = await runCommand("../verify/main", {}, { args: [url] });
  t.same([fetched.code, fetched.out], [0, checked.out], fetched.err);
});

t.test("an auditor gets the key of the names, too", async (t) => {
  const { world, run } = await setUp(t);
  const { sql } = world;
  const kept = await keepDay(sql, { ...DAY, closed: false, logs: [[]] });
  await keepDay(sql, { ...NEXT, closed: false, logs: [[]], names: "open" });
  const folder = join(home(), "audited");
  const args = ["--campaign", "fair", "--auditor", folder];
  const day = ["export", "--day", DAY.day, ...args];
  for (const [settings, error] of [
    [{}, /^--auditor: needs PROOF_KEY/],
    [{ PROOF_KEY: "0b".repeat(32) }, /not that which sealed the day/],
  ] as const) {
    const refused = await run(day, settings);
    t.equal(refused.code, 1);
    t.match(refused.err, error);
  }
  await t.rejects(readdir(folder), "nothing was written");
  const both = { PROOF_KEY: `${"0b".repeat(32)},${PROOF_KEY}` };
  const done = await run(day, both);
  t.equal(done.code, 0, done.err);
  t.match(done.err, /it is not closed yet\.\n$/);
  const path = join(folder, "names_key.txt");
  t.equal(await readFile(path, "utf8"), `${kept.names_key.toString("hex")}\n`);
  t.equal((await stat(path)).mode & 0o777, 0o600);
  const open = await run(["export", "--day", NEXT.day, ...args], both);
  t.match(open, { code: 1, err: /names of this day are open/ });
});

t.test("a statement that needs nothing else", async (t) => {
  const { world, run } = await setUp(t);
  const { sql } = world;
  const before = drawnLines(DAY, { draws: 4_000, odds: ODDS });
  const at = Date.parse(`${DAY.day}T12:00:00Z`);
  const voided = before.findIndex((line) => line.includes("\tCUP:3:3\t"));
  const after = drawnLines(DAY, {
    draws: 3_000,
    odds: { CUP: 0.5 },
    first: 4_010,
  });
  const log = [
    ...before,
    `4001\t${at}\tV\t${voided}`,
    `4009\t${at}\tG\t4002\t4008\tits data were <gone>`,
    ...after,
  ];
  const kept = await keepDay(sql, { ...DAY, closed: true, logs: [log] });
  await keepDay(sql, {
    ...{ ...NEXT, closed: false },
    logs: [drawnLines(NEXT, { draws: 500, odds: { ...ODDS, CUP: 0.0999 } })],
  });
  await sql`update prize set probability = 0.12, title = '<b>Cup</b>' where id = 'CUP'`;
  await sql`
    insert into moment (campaign_id, prize_id, at, created_by) values ('fair', 'CUP', '2099-01-01', 'ann'), ('fair', 'CUP', '2099-01-02', 'ann')`;
  const made = await runCommand(
    "moments",
    { DATABASE_URL: world.databaseUrl },
    {
      args: [
        ...["generate", "PEN", "--campaign", "fair", "--count", "1500"],
        ...["--from", "2099-03-01", "--to", "2099-03-09"],
      ],
    },
  );
  const [, sha] = /sha256 +([0-9a-f]{64})/.exec(made.out) ?? [];
  const file = join(home(), "statement.html");
  const { code, err } = await run(["statement", "--campaign", "fair", file]);
  t.equal(code, 0, err);
  t.match(err, /^2026-11-20: 6999 draws\n2026-11-21: 500 draws\n$/);
  const page = await readFile(file, "utf8");
  t.notMatch(page, /(?:src|href)=|@import|url\(|<script/, "no resource");
  t.notMatch(page, /<b>Cup|<gone>/, "texts are no markup");
  const text = page.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
  for (const said of [
    /2, from 2026-11-20 to 2026-11-21 \(UTC\); 1 of them closed/,
    /6,999 draws, .* 2 tables of prizes and rules .* of 1 decisions nothing came/,
    /CUP title: a CUP → &#60;b&#62;Cup&#60;\/b&#62;; odds: 10 % → 12 %/,
    /2026-11-20 0 4002 4008 its data were &#60;gone&#62;/,
    /CUP \S+ \S+ UTC ann 2 0 [0-9a-f]{64} /,
    new RegExp(`PEN [^a-z]+ UTC command: \\S+ 1,500 0 ${sha} `),
    /npm run verify -- https:\/\/SERVICE\/proof\/fair\/DAY\//,
  ]) {
    t.match(text, said);
  }
  t.notMatch(text, /2099-0/, "open moments are not told");
  for (const whole of [kept.seal, kept.close, kept.key_text]) {
    const shown = whole.replace(/["&<>']/g, (it) => `&#${it.charCodeAt(0)};`);
    t.ok(page.includes(shown), "a note in full");
  }
  t.ok(page.includes(`${kept.logs[0]?.root}`));
  // Counted by hand: rolls below the odds of each half.
  const rolls = (lines: string[]) =>
    lines.map((line) => Number(line.split("\t")[5]));
  const void_ = Number(before[voided]?.split("\t")[5]);
  const below = (lines: string[], odds: number) =>
    rolls(lines).filter((roll) => roll < odds * 1e9).length;
  const met = below(before, 0.1) + below(after, 0.5) - (void_ < 1e8 ? 1 : 0);
  const expected = "1,899.9"; // 3,999 × 0.1 + 3,000 × 0.5
  t.match(text, `CUP ${met.toLocaleString("en")} ${expected} `);
  t.match(text, /All rolls of all days: as chance would have it/);
});

t.test("a statement of nothing, to stdout", async (t) => {
  const { run } = await setUp(t);
  const { code, out } = await run(["statement"]);
  t.equal(code, 0);
  t.match(out, /^<!doctype html>[\s\S]*none by now[\s\S]*<\/html>\n$/);
});

t.test("rolls that don't follow their odds are told", async (t) => {
  const { world, run } = await setUp(t);
  const lines = drawnLines(DAY, { draws: 2_000, odds: ODDS });
  const unlike = lines.map((line) =>
    line.replace(/(\tD\t\w+\t1\t)(\d+)/, (_, before, roll) => {
      return `${before}${Math.floor(Number(roll) * 0.7)}`;
    }),
  );
  await keepDay(world.sql, { ...DAY, closed: true, logs: [unlike] });
  const { out } = await run(["statement", "--campaign", "fair"]);
  t.match(out, /class="finding odd">All rolls of all days: not as chance/);
});

t.test("mistakes are told in a sentence", async (t) => {
  const { run } = await setUp(t);
  for (const [code, args, err] of [
    [2, [], /^A command is missing/],
    [2, ["show"], /^There is no command show/],
    [2, ["export", "--day", "today"], /^export: name one folder/],
    [2, ["export", "x"], /^--day: must be a date/],
    [2, ["export", "--day", "2026-02-30", "x"], /^--day: must be a date/],
    [2, ["statement", "a", "b"], /^statement: name one file/],
    [
      1,
      ["export", "--day", "2026-02-03", "x"],
      /^Nothing is sealed for 2026-02-03/,
    ],
    [1, ["statement", "--campaign", "none"], /^There is no campaign none/],
  ] as const) {
    const answer = await run([...args]);
    t.equal(answer.code, code, args.join(" "));
    t.match(answer.err, err);
  }
});
