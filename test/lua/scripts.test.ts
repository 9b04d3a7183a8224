import { readdir, readFile } from "node:fs/promises";
import t from "tap";
import {
  ANSWER,
  FIELD,
  MARK,
  OTHER,
  RECORD,
  TICKET,
} from "../../src/outbox/letters.js";
import type { Win } from "../../src/outbox/win.js";
import { systemRandom } from "../../src/random.js";
import { shardOf } from "../../src/shards/shard-of.js";
import { post } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

const folder = new URL("../../lua/", import.meta.url);
const scripts = (await readdir(folder))
  .filter((file) => file.endsWith(".lua"))
  .map((file) => file.replace(".lua", ""));

/** What a script's header says: names, `each` of them per item, `limited` per item of a campaign that limits wins, `logged` of a day with a log, `some` for some items, and its other paragraphs. */
async function header(name: string) {
  const text = await readFile(new URL(`${name}.lua`, folder), "utf8");
  const lines = text
    .split("\n")
    .filter(
      (line, n, all) =>
        line.startsWith("-- ") &&
        all.slice(1, n).every((l) => l.startsWith("--")),
    );
  const part = (title: string) => {
    const from = lines.findIndex((line) => line.startsWith(`-- ${title} `));
    const rest = lines
      .slice(from + 1)
      .findIndex((line) => !line.startsWith("--        "));
    return lines
      .slice(from, from + 1 + Math.max(rest, 0))
      .map((line) => line.slice(11));
  };
  const names = (title: string) => {
    const lines = part(title);
    const words = (is: RegExp) =>
      (lines.find((line) => is.test(line)) ?? "")
        .replace(/^(per|where) [\w ]+: /, "")
        .split(" ")
        .filter(Boolean);
    return {
      head: words(/^(?!per |where )/),
      each: words(/^per \w+: /),
      limited: words(/^per limited \w+: /),
      some: words(/^per keyed \w+: /),
      logged: words(/^(per logged \w+|where logged): /),
    };
  };
  return {
    text,
    keys: names("KEYS"),
    args: names("ARGV"),
    writes: part("WRITES")[0]?.split(";")[0]?.split(" ") ?? [],
  };
}

/** What each key's name looks like. */
const NAMES: Record<string, RegExp> = {
  prizes: /^\{lucky-draw(?::xmas|:many:\d)?\}:prizes$/,
  taken: /^\{lucky-draw(?::xmas|:many:\d)?\}:taken$/,
  taken_today: /^\{lucky-draw(?::xmas|:many:\d)?\}:taken:\d{4}-\d\d-\d\d$/,
  counters: /^\{lucky-draw(?::xmas|:many:\d)?\}:taken(?::\d{4}-\d\d-\d\d)?$/,
  outbox: /^\{lucky-draw(?::xmas|:many:\d)?\}:outbox$/,
  pending: /^\{lucky-draw(?::xmas|:many:\d)?\}:pending$/,
  scratch: /^\{lucky-draw(?::xmas|:many:\d)?\}:probe$/,
  scratch_set: /^\{lucky-draw(?::xmas|:many:\d)?\}:probe:set$/,
  moments: /^\{lucky-draw(?::xmas|:many:\d)?\}:moments$/,
  wins_ever: /^\{lucky-draw(?::xmas|:many:\d)?\}:wins:[0-9a-f]{1,4}$/,
  scratch_stream: /^\{lucky-draw(?::xmas|:many:\d)?\}:probe:stream$/,
  log: /^\{lucky-draw(?::xmas|:many:\d)?\}:log:\d{4}-\d\d-\d\d$/,
  players:
    /^\{lucky-draw(?::xmas|:many:\d)?\}:players:\d{4}-\d\d-\d\d:[0-9a-f]{1,4}$/,
  players_before:
    /^\{lucky-draw(?::xmas|:many:\d)?\}:players:\d{4}-\d\d-\d\d:[0-9a-f]{1,4}$/,
};

/** What each argument looks like. */
const VALUES: Record<string, RegExp> = {
  draw_date: /^\d{4}-\d\d-\d\d$/,
  date_before: /^\d{4}-\d\d-\d\d$/,
  created_at: /^\d{13}$/,
  epoch: /^\d{13}-[0-9a-f]{8}\??$/,
  lost: /^(|\d{13}-[0-9a-f]{8})$/,
  restored: /^(|\d{13}-[0-9a-f]{8})$/,
  server: /^[\w-]{8}$/,
  batches: /^\d+$/,
  identity: /^[0-9a-f-]{36}$/,
  time_zone: /^UTC$/,
  revision: /^\d$/,
  now: /^\d{13}$/,
  stands: /^[\w-]{8}$/,
  tell: /^[01]$/,
  name: /^\d{13}-[0-9a-f]{8}$/,
  field: /^probe$/,
  expires_at: /^\d{10}$/,
  user_id: /^user \d$/,
  attempt: /^[\w-]{8}$/,
  ticket: /^[k-][\w-]{8}\d{9}[0-9a-f-]{36}user \d+$/,
  id: /^(SURE|NEVER)$/,
  prize_id: /^(SURE|NEVER)$/,
  rights: /^(|\d{13}-[0-9a-f]{8})$/,
  granted: /^\d+$/,
  size: /^\d+$/,
  used: /^\d+$/,
  fresh: /^(|\d+-\d+(,\d+-\d+)*)$/,
  ranges: /^(|\d+-\d+(,\d+-\d+)*)$/,
  news: /^\d+$/,
  first: /^\d+$/,
  last: /^\d+$/,
  number: /^\d+$/,
  most: /^-?\d+$/,
  count: /^\d+$/,
  returned: /^(|\d+-\d+(,\d+-\d+)*)$/,
  entry: /^(|\d+-\d+)$/,
  told: /^[01]$/,
  version: /^\d*$/,
  limited: /^[01]$/,
  logged: /^\d+$/,
  p: /^([0-9a-f]{32}|[\w-]+)(\/\d+)?$/,
  proof: /^(|\{"\d{4}-.*\})$/,
  hashes: /^(|\{"\d{4}-.*\})$/,
  pool: /^(all|day)$/,
  begun_in: /^(|\d{13}-[0-9a-f]{8})$/,
  next_seq: /^\d+$/,
  begins_at: /^\d{13}$/,
  start: /^\d*$/,
  beacon: /^(null|"used"|"missing")$/,
  close: /^[01]$/,
  line: /^[VR]\t/,
  rules: /^\{.*\}$/,
  release: /^(|\{.*\})$/,
  moments: /^[01]$/,
  wins: /^\d+$/,
  given_up: /^$/,
  moment: /^(SURE|NEVER)\/\d+$/,
  at: /^\d{13}$/,
  draw_no: /^\d$/,
  listing: /^\[.*\]$/,
  odds_to: /^\d*$/,
  daily_quota: /^-?\d+$/,
  total_quota: /^-?\d+$/,
  unit: /^\d+$/,
  day_unit: /^\d+$/,
  fallback: /^[01]$/,
};

/** What may be called for no items: a shard that holds nothing, one that is told that nothing is left, ranges in one argument, a log. */
const MAY_HAVE_NONE = ["install", "grant", "gone", "recall", "log", "kept"];

t.test("the header of each script agrees with its calls", async (t) => {
  const world = await createWorld(t);
  const rolls = [0, 999_999_999].values();
  const roll = () => rolls.next().value ?? 0;
  const random = { ...systemRandom, roll };
  const settings = { PROOF_KEY: "1a".repeat(32) };
  const server = await startServer(t, world, { random, settings });
  const calls: { name: string; args: string[] }[] = [];
  for (const name of [
    "draw",
    "settle",
    "reload",
    "remember",
    "recount",
    "schedule",
    "probe",
    "install",
    "grant",
    "gone",
    "recall",
    "spare",
    "log",
    "line",
    "kept",
  ] as const) {
    const real = server.redis[name].bind(server.redis);
    server.redis[name] = (...args) => {
      calls.push({ name, args: args.map(String) });
      return real(...args);
    };
  }
  await setPrizes(
    world,
    [
      { id: "SURE", probability: 0.5 },
      { id: "NEVER", active: false },
    ],
    server,
  );
  await Promise.all(
    Array.from({ length: 9 }, (_, n) =>
      server.draw(`user ${n}`, n % 2 ? "key" : undefined),
    ),
  );
  // A win in an entry of an earlier day is noted by itself.
  const draw_date = "2096-11-22";
  const entry = { id: "1-1", draw_date, left: new Set<string>() };
  const win = {
    entry,
    user_id: "user 9",
    draw_date,
    draw_no: 1,
    attempt: "attempt8",
  };
  await server.settlements.add({ ...win, telling: "told" });
  await fetch(`${server.url}/readyz`);
  // A campaign with a limit, a release and moments.
  await world.sql`
    insert into campaign (id, title, wins_per_user, verifiable) values ('xmas', 'Xmas', 1, true)`;
  await world.sql`
    insert into prize (campaign_id, id, title, probability, daily_quota, release_from, release_to)
    values ('xmas', 'SURE', 'a SURE', 1, 9, '00:00', '24:00')`;
  await world.sql`
    insert into moment (campaign_id, prize_id, at) values ('xmas', 'SURE', '2099-01-01')`;
  await server.campaigns.check();
  await Promise.all(
    Array.from({ length: 3 }, (_, n) =>
      post(`${server.url}/draw`, { username: `user ${n}`, campaign: "xmas" }),
    ),
  );
  await world.sql`
    insert into result (id, user_id, campaign_id, prize_id, draw_date, unit, day_unit, created_at)
    values (gen_random_uuid(), 'user 8', 'xmas', 'SURE', current_date, 9, 9, now())`;
  // A loss, and the winners come back.
  await world.redis.flushdb();
  await Promise.all(
    Array.from({ length: 9 }, (_, n) => server.draw(`user ${n}`)),
  );
  await post(`${server.url}/draw`, { username: "user 8", campaign: "xmas" });

  // Fewer units than draws, on several shards.
  await world.sql`
    insert into campaign (id, title, shards) values ('many', 'Many', 4)`;
  await world.sql`
    insert into prize (campaign_id, id, title, probability, daily_quota) values ('many', 'SURE', 'a SURE', 1, 40)`;
  await server.campaigns.check();
  const drawer = (n: number) => shardOf(`user ${n}`, 4);
  const crowd = Array.from({ length: 400 }, (_, n) => n);
  // One of each shard, whose parts are larger than that, and then as many of the first as there are units.
  for (const shard of [1, 2, 3, ...Array(45).fill(0)]) {
    const n = crowd.findIndex((it) => drawer(it) === shard);
    const [user] = crowd.splice(n, 1);
    await post(`${server.url}/draw`, {
      username: `user ${user}`,
      campaign: "many",
    });
  }
  const [lost] = await world.sql<Win[]>`
    select 'NEVER' as prize_id, current_date::text as draw_date, 1 as unit, 1 as day_unit`;
  await server.spare(lost as Win);
  await server.spare({ ...(lost as Win), seq: 1 });
  await server.campaigns.lane("xmas").keep.run();

  for (const name of scripts) {
    const { keys, args } = await header(name);
    const own = calls.filter((call) => call.name === name);
    t.ok(own.length > 0, `${name} was called`);
    t.ok(
      keys.head.length > 0 && args.head.length + args.each.length > 1,
      `${name}'s header was understood`,
    );
    const fewest = MAY_HAVE_NONE.includes(name) ? 0 : 1;
    for (const call of own) {
      const count = Number(call.args[0]);
      const given = call.args.slice(1, 1 + count);
      const values = call.args.slice(1 + count);
      const rest = values.length - args.head.length;
      const isLogged = Number(values[args.head.indexOf("logged")] ?? 0) > 0;
      const own = args.each.length + (isLogged ? args.logged.length : 0);
      const items = own > 0 ? rest / own : rest;
      t.ok(
        Number.isInteger(items) && items >= fewest,
        `${name}: ARGV has whole items`,
      );
      const keyed = values.filter((value) => /^k.*user \d$/.test(value));
      const isLimited = values[args.head.indexOf("limited")] === "1";
      const limited = isLimited
        ? Array.from({ length: items }, () => keys.limited).flat()
        : [];
      const each = isLimited ? [...keys.each, ...keys.limited] : keys.each;
      const some = keys.some.flatMap((key) => keyed.map(() => key));
      t.equal(
        given.length,
        keys.head.length +
          items * each.length +
          some.length +
          (isLogged ? keys.logged.length : 0),
        `${name}: KEYS`,
      );
      const named = (list: typeof keys) => [
        ...list.head,
        ...Array.from({ length: items }, () => list.each).flat(),
        ...(list === keys ? [...limited, ...some] : []),
        ...Array.from(
          { length: isLogged && list === args ? items : 0 },
          () => list.logged,
        ).flat(),
        ...(isLogged && list === keys ? list.logged : []),
      ];
      named(keys).forEach((key, n) => {
        t.match(given[n], NAMES[key] ?? /unknown key/, `${name}: KEYS ${key}`);
      });
      named(args).forEach((value, n) => {
        t.match(
          values[n],
          VALUES[value] ?? /unknown argument/,
          `${name}: ARGV ${value}`,
        );
      });
    }
  }
});

t.test(
  "each script binds its keys by the header's names and writes what it says",
  async (t) => {
    for (const name of scripts) {
      const { text, keys, args, writes } = await header(name);
      t.match(
        text,
        name === "settle" ? /^#!lua flags=allow-oom\n-- / : /^#!lua\n-- /,
        "a full or read-only Redis refuses it before its first line",
      );
      const bound = (list: string, names: string[]) => {
        if (names.length === 0) return;
        const places = names.map((_, n) => `${list}[${n + 1}]`).join(", ");
        t.ok(
          text
            .replace(/\s+/g, " ")
            .includes(`local ${names.join(", ")} = ${places}`),
          `${name} binds ${list}`,
        );
      };
      bound("KEYS", keys.head);
      bound("ARGV", args.head);
      const written = new Set<string>();
      for (const [, target] of text.matchAll(
        /call\(\s*'(?:HSET|HINCRBY|HDEL|XADD|XDEL|XTRIM|EXPIREAT|DEL|SET|HSETNX)', (?:draw\.)?(\w+)/g,
      )) {
        written.add(target as string);
      }
      for (const target of writes) written.delete(target);
      written.delete("key"); // raise() in reload.lua, called with taken and taken_today
      t.same([...written], [], `${name} writes nothing else`);
      t.notMatch(text, /math\.random/);
    }
  },
);

t.test("the scripts' letters are those of TypeScript", async (t) => {
  const all = { ...TICKET, ...RECORD, ...MARK, ...ANSWER, ...OTHER };
  const found = new Set<string>();
  for (const name of ["draw", "settle", "remember"]) {
    const { text } = await header(name);
    for (const [, names = "", values = ""] of text.matchAll(
      /^local ([A-Z_, ]+) = ('.'(?:, '.')*)/gm,
    )) {
      const letters = values.split(", ").map((it) => it.slice(1, -1));
      for (const [n, constant] of names.split(", ").entries()) {
        found.add(constant);
        t.equal(letters[n], all[constant as keyof typeof all], constant);
      }
    }
  }
  t.same([...found].sort(), Object.keys(all).sort(), "each has its constant");
});

t.test("the fields of numbers are those of TypeScript", async (t) => {
  const found = new Set<string>();
  for (const name of scripts) {
    const { text } = await header(name);
    for (const [, names = "", values = ""] of text.matchAll(
      /^local ((?:RIGHTS|UNITS_OF|CUT_OF|NEWS_OF)[A-Z_, ]*) = ('@.*?')(?: --.*)?$/gm,
    )) {
      const fields = values.split(", ").map((it) => it.slice(1, -1));
      for (const [n, constant] of names.split(", ").entries()) {
        found.add(`${name} ${constant}`);
        t.equal(fields[n], FIELD[constant as keyof typeof FIELD], constant);
      }
    }
  }
  t.ok(found.size > 10, `${found.size} constants`);
});

t.test("the probe calls every command that a script calls", async (t) => {
  const commands = async (name: string) => {
    const { text } = await header(name);
    return new Set(text.match(/(?<=call\(\s*')[A-Z]+/g));
  };
  const probed = await commands("probe");
  for (const name of scripts) {
    const own = [...(await commands(name))];
    t.ok(own.length > 1, `${name}'s commands were found`);
    t.same(
      own.filter((command) => !probed.has(command)),
      [],
      `/readyz would not notice that ${name} may not call these`,
    );
  }
});
