import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { generateMoments } from "../../src/admin/moments/generate.js";
import { told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { drawIn } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { home } from "../support/temporary-folder.js";
import { createWorld } from "../support/world.js";

// npm run campaigns, npm run moments, and --campaign of the others.

async function setUp(t: Test) {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const env = { DATABASE_URL: world.databaseUrl };
  const run = (name: string, ...args: string[]) =>
    runCommand(name, env, { args });
  return { world, server, run };
}

t.test("a campaign from nothing to its first winner", async (t) => {
  const { world, server, run } = await setUp(t);
  const ok = async (name: string, ...args: string[]) => {
    const { code, out, err } = await run(name, ...args);
    t.equal(code, 0, `${name} ${args.join(" ")}: ${err}`);
    return out;
  };
  await ok(
    ...["campaigns", "set", "xmas", "--new", "--title", "Xmas"],
    ...["--shards", "4"],
  );
  await ok(
    ...["campaigns", "set", "xmas", "--time-zone", "Asia/Hong_Kong"],
    ...["--starts-at", "2026-01-01T00:00:00+08:00", "--ends-at", "none"],
    ...["--draws-per-day", "2", "--wins-per-user", "1", "--claim-days", "9"],
  );
  const list = await ok("campaigns", "list");
  t.match(
    list,
    /^xmas +Xmas +Asia\/Hong_Kong +2025-12-31T16:00:00\.000Z +2 +1 +9 +4 +yes$/m,
  );
  await ok(
    ...["prizes", "set", "CUP", "--campaign", "xmas", "--new"],
    ...["--title", "Cup", "--probability", "1", "--daily-quota", "9"],
    ...["--release", "00:00-23:59"],
  );
  t.match(
    await ok("prizes", "list", "--campaign", "xmas"),
    /^CUP .* 00:00-23:59$/m,
  );
  t.notMatch(await ok("prizes", "list"), "CUP");
  const file = join(home(), "xmas.csv");
  const exported = await ok("prizes", "export", "--campaign", "xmas");
  t.match(
    exported,
    /,release_from,release_to\nCUP,Cup,1,9,,true,false,00:00,23:59\n$/,
  );
  await writeFile(file, exported.replace("00:00,23:59", ","));
  await ok("prizes", "import", file, "--campaign", "xmas");
  await server.campaigns.check();
  t.equal(told((await drawIn(server, "xmas", "ann")).body), "won");
  await server.campaigns.lane("xmas").settlements.idle();
  const csv = await ok(
    "results",
    "export",
    "--day",
    "today",
    "--campaign",
    "xmas",
  );
  t.match(csv, /,ann,CUP,Cup,/);
  t.notMatch(await ok("results", "export", "--day", "today"), "ann");

  await ok("campaigns", "copy", "xmas", "easter");
  const [copy] = await world.sql`select * from campaign where id = 'easter'`;
  t.match(copy, {
    active: false,
    starts_at: null,
    draws_per_day: 2,
    wins_per_user: 1,
  });
  t.match(await ok("prizes", "list", "--campaign", "easter"), /^CUP /m);
  const [change] = await world.sql`
    select changed_by from prize_change where campaign_id = 'easter' limit 1`;
  t.match(change?.changed_by, /^command: /);
});

t.test("a campaign that anybody can check", async (t) => {
  const { world, run } = await setUp(t);
  const args = ["set", "open", "--new", "--title", "Open"];
  const names = ["--proof-names", "open"];
  const made = await run(
    "campaigns",
    ...args,
    "--verifiable",
    "true",
    ...names,
  );
  t.match(made, { code: 0, err: "" });
  t.match(made.out, /^open: saved\.\nPROOF_KEY is not set here: make sure/);
  t.match(
    (await run("campaigns", "list")).out,
    /^open +Open +UTC +1 +1 +open names +yes$/m,
  );
  const env = { DATABASE_URL: world.databaseUrl, PROOF_KEY: "0a".repeat(32) };
  const sealed = ["set", "open", "--verifiable", "true"];
  const keyed = await runCommand("campaigns", env, {
    args: [...sealed, "--proof-names", "sealed"],
  });
  t.same([keyed.code, keyed.out], [0, "open: saved.\n"]);
  t.equal((await run("campaigns", "copy", "open", "twin")).code, 0);
  const [twin] = await world.sql`select * from campaign where id = 'twin'`;
  t.match(twin, { verifiable: true, proof_names: "sealed", active: false });
});

t.test("mistakes are told in a sentence", async (t) => {
  const { run } = await setUp(t);
  for (const [code, args, err] of [
    [2, ["campaigns"], /^A command is missing/],
    [2, ["campaigns", "set"], /^set: name one campaign/],
    [2, ["campaigns", "set", "a"], /^set: name something to change/],
    [
      2,
      ["campaigns", "set", "a", "--new", "--active", "true"],
      /--title: is missing/,
    ],
    [2, ["campaigns", "set", "A", "--title", "a"], /^set: the id must have/],
    [
      2,
      ["campaigns", "set", "a", "--draws-per-day", "101"],
      /--draws-per-day: must be/,
    ],
    [
      2,
      ["campaigns", "set", "a", "--starts-at", "monday"],
      /--starts-at: must be/,
    ],
    [
      2,
      ["campaigns", "set", "a", "--frozen", "yes"],
      /--frozen: must be true or false/,
    ],
    [
      2,
      ["campaigns", "set", "a", "--verifiable", "1"],
      /--verifiable: must be true or false/,
    ],
    [
      2,
      ["campaigns", "set", "a", "--proof-names", "none"],
      /--proof-names: must be sealed or open/,
    ],
    [
      1,
      ["campaigns", "set", "a", "--title", "a"],
      /^id: there is no campaign a/,
    ],
    [
      1,
      ["campaigns", "set", "default", "--time-zone", "Mars/Base"],
      /^time_zone: must be/,
    ],
    [
      1,
      ["campaigns", "set", "default", "--ends-at", "2099-02-30T00:00:00Z"],
      /^ends_at: must be/,
    ],
    [1, ["campaigns", "copy", "none", "b"], /^id: there is no campaign none/],
    [
      1,
      ["campaigns", "copy", "default", "default"],
      /^id: there is a campaign default already/,
    ],
    [
      1,
      ["prizes", "set", "A", "--campaign", "none", "--title", "x"],
      /^campaign: there is no campaign none/,
    ],
    [
      1,
      ["results", "export", "--day", "today", "--campaign", "none"],
      /^There is no campaign none/,
    ],
    [2, ["moments", "generate"], /^generate: name one prize/],
    [2, ["moments", "generate", "A", "--count", "0"], /^--count: must be/],
    [
      2,
      [
        "moments",
        "generate",
        "A",
        "--count",
        "5",
        "--from",
        "x",
        "--to",
        "y",
        "--hours",
        "9",
      ],
      /^--hours: must be/,
    ],
    [
      2,
      [
        "moments",
        "generate",
        "A",
        "--count",
        "5",
        "--from",
        "2099-02-30",
        "--to",
        "2099-03-01",
      ],
      /^--from: must be/,
    ],
    [
      1,
      [
        "moments",
        "generate",
        "A",
        "--count",
        "5",
        "--from",
        "2099-03-02",
        "--to",
        "2099-03-01",
      ],
      /^There is no time between/,
    ],
    [
      1,
      [
        "moments",
        "generate",
        "A",
        "--count",
        "5",
        "--from",
        "2099-03-01",
        "--to",
        "2099-03-02",
      ],
      /^prize_id: must be a prize/,
    ],
  ] as const) {
    const [name, ...rest] = args;
    const answer = await run(name, ...rest);
    t.equal(answer.code, code, args.join(" "));
    t.match(answer.err, err, args.join(" "));
  }
});

t.test("winning moments with a certificate that can be checked", async (t) => {
  const { world, run } = await setUp(t);
  await world.sql`insert into campaign (id, title, time_zone) values ('m', 'M', 'America/New_York')`;
  await world.sql`insert into prize (campaign_id, id, title, probability) values ('m', 'CAR', 'car', 0)`;
  const made = await run(
    ...([
      "moments",
      "generate",
      "CAR",
      "--campaign",
      "m",
      "--count",
      "50",
    ] as const),
    ...["--from", "2099-03-07", "--to", "2099-03-09", "--hours", "9-21"],
  );
  t.equal(made.code, 0, made.err);
  const [, sha] = /sha256 +([0-9a-f]{64})/.exec(made.out) ?? [];
  const list = await run("moments", "list", "--campaign", "m", "--as-list");
  t.equal(createHash("sha256").update(list.out).digest("hex"), sha);
  t.match(made.out, /50 winning moments of CAR in the campaign m: saved/);
  t.match(made.out, / {2}when +\d{4}-/);
  t.match(made.out, / {2}by +command: /);
  t.notMatch(made.out, /2099-03-0/, "they are not shown");
  const rows = await world.sql<{ hour: number; day: string }[]>`
    select extract(hour from at at time zone 'America/New_York')::int as hour,
      (at at time zone 'America/New_York')::date::text as day from moment`;
  t.equal(rows.length, 50);
  t.ok(rows.every(({ hour }) => hour >= 9 && hour < 21));
  t.same([...new Set(rows.map(({ day }) => day))].sort(), [
    "2099-03-07",
    "2099-03-08",
    "2099-03-09",
  ]);
  const most = await run(
    ...([
      "moments",
      "generate",
      "CAR",
      "--campaign",
      "m",
      "--count",
      "9951",
    ] as const),
    ...["--from", "2099-03-07", "--to", "2099-03-09"],
  );
  t.match(most, { code: 1, err: /no more than 10000 .* it has 50/ });
});

t.test("each moment of the span is equally likely", async (t) => {
  const hours = { from: 9, to: 21 };
  const from = Date.parse("2099-03-07T00:00:00-05:00");
  const to = Date.parse("2099-03-09T00:00:00-04:00");
  const timeZone = "America/New_York";
  const rolls: number[] = [];
  const below = (n: number) => {
    rolls.push(n);
    return [0, n - 1, n / 2, n / 2 - 1][(rolls.length - 1) % 4] as number;
  };
  const moments = generateMoments(4, { from, to, hours, timeZone }, below);
  t.same(new Set(rolls), new Set([2 * 12 * 3_600_000]));
  t.same(
    moments.map((at) => new Date(at).toISOString()),
    [
      "2099-03-07T14:00:00.000Z",
      "2099-03-08T01:59:59.999Z",
      "2099-03-08T13:00:00.000Z",
      "2099-03-09T00:59:59.999Z",
    ],
  );
  const many = generateMoments(20_000, { from, to, timeZone });
  const first = many.filter((at) => at < (from + to) / 2).length;
  t.ok(Math.abs(first - 10_000) < 600, `${first} of 20,000 in the first half`);
});
