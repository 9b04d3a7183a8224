import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import t from "tap";
import { ADMIN, ADMIN_TOKEN, adminOf } from "../support/admin-calls.js";
import { createProxy } from "../support/link.js";
import { post } from "../support/post.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// A day's winners as CSV, however many.

t.jobs = 1;

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

/** Wins of A and B in turn, on a day; every fiftieth is redeemed. */
async function insertMany({ sql }: World, day: string, count: number) {
  await sql`
    insert into result
    select gen_random_uuid(), 'user ' || n, case when n % 2 = 0 then 'A' else 'B' end, ${day}::text::date,
      (n + 1) / 2, (n + 1) / 2, ${day}::text::date + interval '10 hours', null, null
    from generate_series(1, ${count}::int) n`;
  await sql`
    update result set redeemed_at = created_at + interval '1 hour'
    where draw_date = ${day}::text::date and day_unit % 50 = 0`;
  await sql`vacuum analyze result`;
}

const PRIZES = [
  { id: "A", probability: 0.5 },
  { id: "B", probability: 0.4 },
];

/** Resident memory of a process, in megabytes. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

t.test("a million rows in constant memory, while draws go on", async (t) => {
  const world = await createWorld(t);
  const server = await startProcess(t, world, { ADMIN_TOKEN });
  await setPrizes(world, PRIZES);
  await listing([server], "B");
  // Of a day far off, whose winners no reload gives back to Redis.
  const date = "2096-02-28";
  await insertMany(world, date, 1_000_000);
  // The next win's unit is taken until the server has seen the rows.
  await world.sql`update prize set title = title`;
  await until("the reload", async () => {
    const { data } = await adminOf(server.url)("GET", "/prizes");
    if (!data.in_force) throw new Error("not in force");
  });
  for (let n = 0; n < 200; n += 1) {
    await post(`${server.url}/draw`, { username: `early ${n}` });
  }

  const pid = server.child.pid ?? 0;
  const before = await memoryOf(pid);
  let most = before;
  const began = performance.now();
  const answer = await fetch(`${server.url}/admin/results.csv?day=${date}`, {
    headers,
  });
  t.equal(answer.status, 200);
  t.match(answer.headers.get("content-type"), /^text\/csv; charset=utf-8/);
  t.equal(
    answer.headers.get("content-disposition"),
    `attachment; filename="winners-${date}.csv"`,
  );
  t.equal(answer.headers.get("x-total-count"), "1000000");
  let going = true;
  const waits: number[] = [];
  const drawing = (async () => {
    for (let n = 0; going; n += 1) {
      const asked = performance.now();
      const drawn = await post(`${server.url}/draw`, { username: `late ${n}` });
      t.equal(drawn.status, 200);
      waits.push(performance.now() - asked);
      most = Math.max(most, await memoryOf(pid));
    }
  })();
  let half = 0; // the most memory while the first half came
  let rest = "";
  let lines = 0;
  let bytes = 0;
  let last: [string, number] = ["", 0];
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(
      "\r\n",
    );
    rest = parts.pop() ?? "";
    for (const line of parts) {
      lines += 1;
      if (lines === 1) continue;
      if (lines === 500_000) half = most;
      const [, , prize = "", , , , unit] = line.split(",");
      const follows = prize !== last[0] || Number(unit) === last[1] - 1;
      if (!follows) t.fail(`${line} after ${last}`);
      last = [prize, Number(unit)];
    }
  }
  const took = performance.now() - began;
  going = false;
  await drawing;
  t.equal(rest, "", "the last line is whole");
  t.same(last, ["B", 1]);
  t.equal(lines - 1, 1_000_000);
  waits.sort((one, other) => one - other);
  const median = waits[Math.floor(waits.length / 2)] ?? 0;
  t.comment(
    `${lines - 1} rows, ${Math.round(bytes / 1e6)} MB in ${Math.round(took)} ms; ${waits.length} draws meanwhile, median ${median.toFixed(1)} ms, longest ${waits.at(-1)?.toFixed(0)} ms`,
  );
  t.comment(
    `memory ${before.toFixed(0)} MB, in the first half at most ${half.toFixed(0)} MB, in all at most ${most.toFixed(0)} MB`,
  );
  // All of it would be some 500 MB; a heap with room to spare grows by garbage.
  t.ok(most - before < 160, "memory is bounded");

  t.ok(most < 1.3 * half, "and does not grow with what was sent");

  const times: number[] = [];
  for (let n = 0; n < 9; n += 1) {
    const asked = performance.now();
    const { data } = await adminOf(server.url)("GET", `/figures?day=${date}`);
    times.push(performance.now() - asked);
    t.equal(data.today.redemptions, 20_000);
    t.ok(data.ever.wins >= 1_000_000);
  }
  times.sort((one, other) => one - other);
  t.comment(`figures: median ${times[4]?.toFixed(0)} ms`);
});

t.test("it reads no more than is taken, and stops at a hang-up", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setPrizes(world, PRIZES, server);
  const day = "2096-11-22";
  await insertMany(world, day, 200_000);
  const { query } = server.postgres;
  let pages = 0;
  server.postgres.query = (statement) => {
    pages += 1;
    return query(statement);
  };
  const hangUp = new AbortController();
  const path = `${server.url}/admin/results.csv?day=${day}`;
  const answer = await fetch(path, { headers, signal: hangUp.signal });
  t.equal(answer.headers.get("x-total-count"), "200000");
  const healthz = async () => {
    const once = { headers: { connection: "close" } };
    await (await fetch(`${server.url}/healthz`, once)).text();
  };
  /** Waits until no page was read while twenty requests were answered. */
  const still = () =>
    until("a stop", async () => {
      const before = pages;
      for (let n = 0; n < 20; n += 1) await healthz();
      if (pages !== before) throw new Error(`${pages} pages`);
    });
  await still();
  t.comment(`${pages} pages of 400 read ahead`);
  t.ok(pages < 300, "nobody reads, so nothing more is fetched");
  const reader = answer.body?.getReader();
  for (let n = 0; n < 20; n += 1) await reader?.read();
  await still();
  const before = pages;
  hangUp.abort();
  await until("the end of the connection", async () => {
    const open = await new Promise((resolve) =>
      server.app.server.getConnections((_, count) => resolve(count)),
    );
    if (Number(open) > 0) throw new Error(`${open} connections`);
  });
  await still();
  t.ok(pages <= before + 1, "nothing is read for nobody");
});

t.test("an error in the middle breaks the file off", async (t) => {
  const world = await createWorld(t);
  const link = await createProxy(t, world.databaseUrl);
  const server = await startServer(
    t,
    { ...world, databaseUrl: link.url },
    ADMIN,
  );
  await setPrizes(world, PRIZES, server);
  const day = "2096-11-22";
  await insertMany(world, day, 200_000);
  const path = `${server.url}/admin/results.csv?day=${day}`;
  const answer = await fetch(path, { headers });
  t.equal(answer.status, 200);
  link.silence();
  await t.rejects(answer.text(), "it does not look whole");

  const other = await fetch(path, { headers });
  t.equal(other.status, 503, "before the first row there is a status");
  t.match(await other.json(), { code: "UNAVAILABLE" });
});

t.test(
  "what a spreadsheet would take for a formula, and RFC 4180",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world, ADMIN);
    const title = '=HYPERLINK("http://evil.example","Mug, ""free""")';
    await adminOf(server.url)("POST", "/prizes", {
      id: "A",
      title,
      probability: 1,
    });
    const names = [
      "=1+1",
      "+1",
      "-1",
      "@SUM(1)",
      "a,b",
      'say "hi"',
      "ünï 🎁",
      "＝1",
      "plain",
      "x;=1+1;y",
    ];
    const date = "2096-11-22";
    for (const [n, user_id] of names.entries()) {
      await world.sql`
      insert into result values (gen_random_uuid(), ${user_id}, 'A', ${date}, ${n + 1}, ${n + 1},
        '2096-11-22T10:00:00Z', '+85251234567', '2096-11-22T11:00:00Z')`;
    }
    const get = async (query: string) =>
      (
        await fetch(`${server.url}/admin/results.csv?day=${date}${query}`, {
          headers,
        })
      ).text();
    const text = await get("&phones=yes");
    t.equal(text.split("\r\n").length, names.length + 2);
    t.notMatch(text, /[^\r]\n/);
    const rows = parse(text, { columns: true }) as Record<string, string>[];
    t.same(
      rows.map(({ user_id }) => user_id).reverse(),
      names.map((name) =>
        /^[=+\-@＝]/.test(name) ? `'${name}` : name.replace(";=", ";'="),
      ),
    );
    const { id: _, ...first } = rows.at(-1) ?? {};
    t.same(first, {
      user_id: "'=1+1",
      prize_id: "A",
      title: `'${title}`,
      draw_date: date,
      unit: "1",
      day_unit: "1",
      created_at: "2096-11-22T10:00:00.000Z",
      state: "redeemed",
      redeemed_at: "2096-11-22T11:00:00.000Z",
      phone_no: "+85251234567",
    });
    const lines = async (query: string) =>
      (await get(query)).trim().split("\r\n");
    t.equal((await lines("&state=redeemed&prize_id=A")).length, 11);
    const header =
      "id,user_id,prize_id,title,draw_date,unit,day_unit,created_at,state,redeemed_at";
    t.same(await lines("&state=open"), [header], "none: the header alone");
    t.same(await lines("&prize_id=B"), [header]);
  },
);
