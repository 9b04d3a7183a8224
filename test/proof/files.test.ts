import { execFile } from "node:child_process";
import { connect } from "node:net";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import t, { type Test } from "tap";
import { pack } from "../../src/proof/log/pack.js";
import { drawnLines, keepDay } from "../support/kept-day.js";
import { setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// /proof: what is published of a day, as files.

const PAST = { campaign: "fair", day: "2026-11-20" };
const OPEN = { campaign: "fair", day: "2026-11-21" };
const LIST = { hash: "ab".repeat(32), moments: "1\tCUP\t5\n2\tMUG\t6\n" };

async function setUp(t: Test) {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setCampaign(world, { id: "fair", shards: 2 }, []);
  const logs = [700, 3].map((draws) =>
    drawnLines(PAST, { draws, odds: { CUP: 0.1 } }),
  );
  const past = await keepDay(world.sql, {
    ...{ ...PAST, closed: true, logs, perChunk: 100 },
    moments: [LIST, { hash: "cd".repeat(32), moments: "" }],
  });
  const some = drawnLines(OPEN, { draws: 450, odds: { CUP: 0.1 } });
  const open = await keepDay(world.sql, {
    ...{ ...OPEN, closed: false, logs: [some, []], pack },
    moments: [LIST],
  });
  const get = (path: string, headers = {}, method = "GET") =>
    fetch(`${server.url}/proof/fair/${path}`, { method, headers });
  const text = async (path: string, headers = {}) =>
    (await get(path, headers)).text();
  return { world, server, past, open, get, text };
}

const curl = async (args: string[]) => {
  const options = { encoding: "buffer", timeout: 5_000 } as const;
  const run = promisify(execFile)("curl", ["-sS", ...args], options);
  return (await run).stdout;
};

const IDENTITY = { "accept-encoding": "identity" };
const FOR_GOOD = "public, max-age=31536000, immutable";

t.test("the list of days, page by page", async (t) => {
  const { world, server, past } = await setUp(t);
  await keepDay(world.sql, {
    ...{ campaign: "xmas", day: "2026-11-20", closed: false },
    ...{ logs: [[]], names: "open" },
  });
  const ask = async (query = "") =>
    (await (await fetch(`${server.url}/proof${query}`)).json()) as {
      data: { days: { campaign: string; day: string }[]; next_cursor: string };
      error: string;
    };
  const { data } = await ask();
  t.same(
    data.days.map(({ campaign, day }) => `${campaign} ${day}`),
    ["fair 2026-11-21", "fair 2026-11-20", "xmas 2026-11-20"],
  );
  t.match(data.days[1], {
    closed: true,
    sealed_at: "2026-11-19T00:00:00.000Z",
    begins_at: "2026-11-20T00:00:00.000Z",
    ends_at: "2026-11-21T00:00:00.000Z",
    names: "sealed",
    shards: 2,
    lines: 701 + 4,
    bytes: past.logs.reduce((sum, log) => sum + log.bytes, 0),
  });
  t.match(data.days[2], { closed: false, names: "open", lines: 0, bytes: 0 });
  t.equal(data.next_cursor, null);
  const paged: string[] = [];
  for (let query = "?limit=1"; ; ) {
    const { data } = await ask(query);
    paged.push(...data.days.map(({ campaign, day }) => `${campaign} ${day}`));
    if (data.next_cursor === null) break;
    query = `?limit=1&cursor=${data.next_cursor}`;
  }
  t.equal(paged.length, 3);
  t.equal(new Set(paged).size, 3);
  t.equal((await ask("?campaign=xmas")).data.days.length, 1);
  t.match(await ask("?limit=0"), {
    error: "limit: must be a number from 1 to 100.",
  });
  t.match(await ask("?cursor=x"), { error: /^cursor: must be/ });
});

t.test("the files of a day, with their sizes", async (t) => {
  const { get, text } = await setUp(t);
  const names = async (day: string) => {
    const answer = await get(`${day}/`);
    const { data } = (await answer.json()) as {
      data: { files: { name: string; bytes: number }[] };
    };
    for (const { name, bytes } of data.files) {
      const its = Buffer.byteLength(await text(`${day}/${name}`));
      t.equal(its, bytes, `${day} ${name}`);
    }
    return { names: data.files.map(({ name }) => name), answer };
  };
  const past = await names(PAST.day);
  t.same(past.names, [
    ...["key.txt", "seal.note", "log-0.tsv", "checkpoint-0.note"],
    ...["log-1.tsv", "checkpoint-1.note", "checkpoints-0.txt"],
    ...["checkpoints-1.txt", "close.note", "moments.tsv"],
  ]);
  t.equal(past.answer.headers.get("cache-control"), FOR_GOOD);
  const open = await names(OPEN.day);
  t.same(open.names, [
    ...["key.txt", "seal.note", "log-0.tsv", "checkpoint-0.note", "log-1.tsv"],
    ...["checkpoints-0.txt", "checkpoints-1.txt"],
  ]);
  t.equal(open.answer.headers.get("cache-control"), "no-cache");
});

t.test("each file as the format has it", async (t) => {
  const { text, past, open, world } = await setUp(t);
  const [first, second] = past.logs;
  for (const [path, content] of Object.entries({
    "2026-11-20/key.txt": past.key_text,
    "2026-11-20/seal.note": past.seal,
    "2026-11-20/close.note": past.close,
    "2026-11-20/log-0.tsv": first?.text,
    "2026-11-20/log-1.tsv": second?.text,
    "2026-11-20/checkpoint-0.note": first?.checkpoints.at(-1),
    "2026-11-20/checkpoints-0.txt": first?.checkpoints
      .map((it) => `${it}\n`)
      .join(""),
    "2026-11-20/moments.tsv": `${LIST.hash}\t1\tCUP\t5\n${LIST.hash}\t2\tMUG\t6\n`,
    "2026-11-21/log-0.tsv": open.logs[0]?.text,
    "2026-11-21/log-1.tsv": "",
    "2026-11-21/checkpoints-1.txt": "",
  })) {
    t.equal(await text(path), content, path);
  }
  // More chunks than are read at a time.
  const { sql } = world;
  const packed = await pack(Buffer.from("x\n"));
  await sql`truncate proof_chunk`;
  await sql`
    insert into proof_chunk (campaign_id, draw_date, shard, first_index, first_seq, lines, first_byte, bytes, packed, blocks, checkpoint)
    select 'fair', '2026-11-20', 0, n, n, 1, 2 * n, 2, ${packed}, '', 'c' || n || E'\n' from generate_series(0, 700) n`;
  await sql`update proof_log set bytes = 1402 where draw_date = '2026-11-20' and shard = 0`;
  for (const headers of [{}, IDENTITY]) {
    const log = await text("2026-11-20/log-0.tsv", headers);
    t.equal(log, "x\n".repeat(701));
  }
  const part = { range: "bytes=1021-1029" };
  t.equal(await text("2026-11-20/log-0.tsv", part), "\nx\nx\nx\nx\n");
  const all = await text("2026-11-20/checkpoints-0.txt");
  t.equal(all, Array.from({ length: 701 }, (_, n) => `c${n}\n\n`).join(""));
});

t.test("what is not published, or not yet, is not there", async (t) => {
  const { get, server } = await setUp(t);
  const sentences: Record<string, RegExp> = {
    "2026-11-21/close.note": /^file: there is none of this name, or not yet/,
    "2026-11-21/moments.tsv": /^file: there is none/,
    "2026-11-21/checkpoint-1.note": /^file: there is none/,
    "2026-11-20/log-2.tsv": /^file: there is none/,
    "2026-11-20/log-00.tsv": /^file: there is none/,
    "2026-11-20/names_key.txt": /^file: there is none/,
    "2026-11-20/seed": /^file: there is none/,
    "2026-11-22/seal.note": /^day: nothing is sealed for this day/,
    "2026-11-22/": /^day: nothing is sealed/,
  };
  for (const [path, error] of Object.entries(sentences)) {
    const answer = await get(path);
    t.equal(answer.status, 404, path);
    t.match(await answer.json(), { code: "PROOF_NOT_FOUND", error });
  }
  for (const day of ["2026-02-30", "today", "2026-11-2"]) {
    t.match(await (await get(`${day}/key.txt`)).json(), {
      code: "INVALID_REQUEST",
      error: "day: must be a date such as 2026-12-01.",
    });
  }
  for (const path of ["%00/2026-11-20/", "%00/2026-11-20/0/1", "A/2026-11-20/"])
    t.equal((await fetch(`${server.url}/proof/${path}`)).status, 404, path);
  const nobody = await fetch(`${server.url}/proof?campaign=%00`);
  t.match(await nobody.json(), { data: { days: [] } });
  const other = await fetch(`${server.url}/proof/results/2026-11-20/`);
  t.match(await other.json(), { code: "PROOF_NOT_FOUND", error: /^day: / });
});

t.test("a part of a log", async (t) => {
  const { get, past } = await setUp(t);
  const log = Buffer.from(past.logs[0]?.text ?? "");
  const { length } = log;
  for (const [range, from, to] of [
    ["bytes=0-0", 0, 1],
    ["bytes=0-", 0, length],
    [`bytes=${length - 1}-`, length - 1, length],
    ["bytes=-10", length - 10, length],
    [`bytes=-${length + 10}`, 0, length],
    ["bytes=30000-30999", 30_000, 31_000],
    [`bytes=100-${length + 99}`, 100, length],
  ] as const) {
    const answer = await get("2026-11-20/log-0.tsv", { range });
    t.equal(answer.status, 206, range);
    t.equal(
      answer.headers.get("content-range"),
      `bytes ${from}-${to - 1}/${length}`,
    );
    t.equal(answer.headers.get("content-length"), String(to - from));
    t.equal(answer.headers.get("content-encoding"), null);
    const bytes = Buffer.from(await answer.arrayBuffer());
    t.ok(bytes.equals(log.subarray(from, to)), range);
  }
  for (const range of [
    `bytes=${length}-`,
    "bytes=-0",
    `bytes=${length + 5}-${length + 9}`,
  ]) {
    const answer = await get("2026-11-20/log-0.tsv", { range });
    t.equal(answer.status, 416, range);
    t.equal(answer.headers.get("content-range"), `bytes */${length}`);
    t.match(await answer.json(), { code: "RANGE_NOT_SATISFIABLE" });
  }
  for (const range of [
    "bytes=5-4",
    "bytes=0-1,5-6",
    "lines=0-1",
    "bytes=-",
    "bytes=a-",
  ]) {
    const answer = await get("2026-11-20/log-0.tsv", { range, ...IDENTITY });
    t.equal(answer.status, 200, range);
    t.equal((await answer.arrayBuffer()).byteLength, length);
  }
  const whole = await get("2026-11-20/key.txt", { range: "bytes=0-1" });
  t.same([whole.status, await whole.text()], [200, past.key_text]);
  const none = await get("2026-11-21/log-1.tsv", { range: "bytes=0-" });
  t.equal(none.status, 416, "of no bytes");
});

t.test("ETags: as it is, packed, and of a log that grows", async (t) => {
  const { get, world, text } = await setUp(t);
  const path = "2026-11-21/log-0.tsv";
  const plain = await get(path, IDENTITY);
  const etag = plain.headers.get("etag") ?? "";
  t.match(etag, /^"[\w-]{22}"$/);
  t.equal(plain.headers.get("vary"), "accept-encoding");
  t.equal(plain.headers.get("accept-ranges"), "bytes");
  const length = (await plain.arrayBuffer()).byteLength;
  t.equal(plain.headers.get("content-length"), String(length));
  const packed = await get(path);
  t.equal(packed.headers.get("etag"), etag.replace(/"$/, '-gzip"'));
  await packed.text();
  const same = await get(path, {
    ...IDENTITY,
    "if-none-match": `"x", W/${etag}`,
  });
  t.same([same.status, await same.text()], [304, ""]);
  t.equal(same.headers.get("etag"), etag);
  const unlike = await get(path, { "if-none-match": etag });
  t.equal(unlike.status, 200, "packed it is another one");
  await unlike.text();
  for (const [since, status] of [
    [etag, 206],
    [`W/${etag}`, 200],
    ['"other"', 200],
    ["Sun, 29 Nov 2026 00:00:00 GMT", 200],
  ] as const) {
    const answer = await get(path, {
      ...IDENTITY,
      range: "bytes=5-9",
      "if-range": since,
    });
    t.equal(answer.status, status, since);
    t.equal((await answer.text()).length, status === 206 ? 5 : length);
  }
  await world.sql`
    update proof_log set checkpoint = 'a newer one' where draw_date = '2026-11-21' and shard = 0`;
  const grown = await get(path, { ...IDENTITY, "if-none-match": etag });
  t.equal(grown.status, 200);
  await grown.text();
  t.equal(await text("2026-11-21/checkpoint-0.note"), "a newer one");
});

t.test("packed it comes as one gzip member, however it is kept", async (t) => {
  const { server, past, open, get } = await setUp(t);
  const days = { "2026-11-20": past, "2026-11-21": open };
  for (const [day, { logs }] of Object.entries(days)) {
    const url = `${server.url}/proof/fair/${day}/log-0.tsv`;
    // It takes the first member alone, as browsers do.
    const whole = await curl(["--compressed", url]);
    t.equal(whole.toString(), logs[0]?.text, day);
    const file = await curl(["-H", "accept-encoding: gzip", url]);
    t.equal(gunzipSync(file).toString(), logs[0]?.text);
    t.ok(file.length < 0.7 * (logs[0]?.bytes ?? 0), `${file.length} bytes`);
  }
  for (const [header, encoding] of [
    ["gzip", "gzip"],
    ["br;q=1, GZIP;q=0.5", "gzip"],
    ["*", "gzip"],
    ["gzip;q=0, *", null],
    ["br", null],
    ["identity", null],
  ] as const) {
    const answer = await get("2026-11-20/log-0.tsv", {
      "accept-encoding": header,
    });
    t.equal(answer.headers.get("content-encoding"), encoding, header);
    t.equal(await answer.text(), past.logs[0]?.text);
  }
  const empty = await get("2026-11-21/log-1.tsv");
  t.same([empty.status, await empty.text()], [200, ""]);
});

t.test("HEAD tells of a file without sending it", async (t) => {
  const { get, past } = await setUp(t);
  const head = await get("2026-11-20/log-0.tsv", IDENTITY, "HEAD");
  t.equal(head.status, 200);
  t.equal(head.headers.get("content-length"), String(past.logs[0]?.bytes));
  t.equal(head.headers.get("cache-control"), FOR_GOOD);
  t.match(head.headers.get("content-type"), /^text\/tab-separated-values/);
  t.equal(await head.text(), "");
  const list = await get("2026-11-20/", {}, "HEAD");
  t.same([list.status, await list.text()], [200, ""]);
  const none = await get("2026-11-20/none", {}, "HEAD");
  t.equal(none.status, 404);
});

t.test("callers who take nothing don't keep others from it", async (t) => {
  const { server, get, text, world } = await setUp(t);
  // More than the sockets in between hold.
  const packed = await pack(Buffer.alloc(4_000_000, "x"));
  await world.sql`truncate proof_chunk`;
  for (let n = 0; n < 20; n += 1) {
    await world.sql`
      insert into proof_chunk (campaign_id, draw_date, shard, first_index, first_seq, lines, first_byte, bytes, packed, blocks, checkpoint)
      values ('fair', '2026-11-20', 0, ${n}, ${n}, 1, ${n * 4_000_000}, 4000000, ${packed}, '', '')`;
  }
  await world.sql`update proof_log set size = 20, bytes = 80000000 where draw_date = '2026-11-20' and shard = 0`;
  const { port } = new URL(server.url);
  const idle = Array.from({ length: 32 }, () => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      "GET /proof/fair/2026-11-20/log-0.tsv HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    socket.once("readable", () => socket.pause());
    return socket;
  });
  t.teardown(() => {
    for (const socket of idle) socket.destroy();
  });
  let refused: Response | undefined;
  for (let tries = 0; tries < 100 && refused?.status !== 503; tries += 1) {
    refused = await get("2026-11-20/key.txt");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.equal(refused?.status, 503, "so many at a time");
  t.match(refused?.headers.get("retry-after"), /^[1-4]$/);
  t.equal((await get("2026-11-20/")).status, 200, "the list goes on");
  const draw = await server.draw("ann");
  t.not(draw.status, 500);
  for (const socket of idle) socket.destroy();
  for (let tries = 0; tries < 100 && refused?.status !== 200; tries += 1) {
    refused = await get("2026-11-20/key.txt");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.equal(refused?.status, 200, "who is gone holds no place");
  t.equal((await text("2026-11-20/log-0.tsv")).length, 80_000_000);
});
