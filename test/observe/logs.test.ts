import { spawn } from "node:child_process";
import { request as httpRequest } from "node:http";
import { createInterface } from "node:readline";
import t, { type Test } from "tap";
import { createProxy } from "../support/link.js";
import { post } from "../support/post.js";
import { commandOf, listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { home } from "../support/temporary-folder.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

/** A phone number in the forms that callers send; all of them hold its eight last digits. */
const PHONES = ["+85291234567", "9123 4567", "852-9123-4567", "(852)91234567"];
const DIGITS = "91234567";

const USER = "zoe-the-user";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

type Line = Record<string, unknown> & { level: number; msg: string };

const INFO = 30;

/** The lines of a log that have a field. */
const having = (lines: string[], field: string) =>
  lines.map((line) => JSON.parse(line) as Line).filter((line) => field in line);

/** Draws, redeems in every form, and fails in every way that a caller can bring about. */
async function useAll(url: string) {
  const draw = await post(`${url}/draw`, { username: USER });
  const id = draw.body.data?.result?.id ?? "";
  for (const phone of PHONES) {
    for (const field of ["phone_no", "phoneNumber"]) {
      const redeem = { id, username: USER, [field]: phone };
      await post(`${url}/redeem`, redeem);
      await getWithBody(`${url}/redeem`, redeem);
      await fetch(`${url}/redeem?${new URLSearchParams(redeem)}`);
      await fetch(`${url}/nowhere?${new URLSearchParams(redeem)}`);
      await fetch(`${url}/redeem/${USER}/${encodeURIComponent(phone)}`);
      await post(`${url}/redeem`, { ...redeem, [phone]: USER });
      await post(`${url}/draw`, { username: `${USER}\n`, phone });
      await post(`${url}/draw`, { username: "x" }, { "x-request-id": phone });
    }
  }
  await fetch(`${url}/%zz/${USER}/${PHONES[0]}`);
  await fetch(`${url}/redeem`, { method: "POST", body: `${USER}${PHONES[0]}` });
}

async function getWithBody(url: string, payload: object): Promise<void> {
  const body = JSON.stringify(payload);
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  await new Promise((resolve, reject) => {
    const asked = httpRequest(url, { method: "GET", headers }, (answer) => {
      answer.resume().on("end", resolve);
    });
    asked.on("error", reject).end(body);
  });
}

for (const level of ["info", "trace"]) {
  t.test(`no phone number at ${level}, no username at info`, async (t) => {
    const world = await createWorld(t);
    const redis = await createProxy(t, world.redisUrl);
    const postgres = await createProxy(t, world.databaseUrl);
    const stores = { redisUrl: redis.url, databaseUrl: postgres.url };
    const settings = { LOG_LEVEL: level, METRICS: "on" };
    const server = await startProcess(t, stores, settings);
    await setPrizes(world, [{ id: "SURE" }]);
    await listing([server], "SURE");
    await useAll(server.url);
    // A row that clashes makes Postgres quote it.
    await world.sql`alter table result add constraint none check (phone_no is null) not valid`;
    const other = await post(`${server.url}/draw`, { username: `${USER} 2` });
    const answer = await post(`${server.url}/redeem`, {
      id: other.body.data?.result?.id,
      username: `${USER} 2`,
      phone_no: PHONES[0],
    });
    t.ok(answer.status >= 500, `${answer.status}`);
    redis.lead("redis://127.0.0.1:1");
    await useAll(server.url);
    redis.lead(world.redisUrl);
    postgres.lead("postgres://127.0.0.1:1");
    await useAll(server.url);
    t.equal(await server.end("SIGTERM"), 0);

    const { lines } = server;
    t.ok(lines.length > 5, `${lines.length} lines`);
    for (const line of lines) t.ok(JSON.parse(line), "JSON");
    const digits = lines.map((line) => line.replace(/[\s()+-]/g, ""));
    t.same(
      lines.filter((_, n) => digits[n]?.includes(DIGITS)),
      [],
    );
    const told = lines.filter((line) => JSON.parse(line).level >= INFO);
    t.same(
      told.filter((line) => line.includes(USER)),
      [],
    );
    t.ok(
      having(told, "reqId").some(({ status }) => status === 503),
      "failures are told",
    );
  });
}

t.test("a request's id goes in and out", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const ids = async (path: string, headers = {}) =>
    (await fetch(`${server.url}${path}`, { headers })).headers.get(
      "x-request-id",
    );
  const first = await ids("/prizes");
  const second = await ids("/prizes");
  t.match(first, /^[0-9a-f]{8}-\d+$/);
  t.not(first, second);
  for (const given of ["a", "Order:7.b_c-d", "x".repeat(128)]) {
    const headers = { "x-request-id": given };
    for (const path of ["/prizes", "/healthz", "/nowhere", "/draw", "/%zz"]) {
      t.equal(await ids(path, headers), given, path);
    }
  }
  for (const given of ["", "x".repeat(129), "a b", "a;b", "ä", ...PHONES]) {
    const id = await ids("/prizes", { "x-request-id": given });
    t.match(id, /^[0-9a-f]{8}-\d+$/, `not ${given.slice(0, 9)}`);
  }
});

t.test("a failed request is one line, with its id and trace", async (t) => {
  const { world, proxy, url, lines } = await observed(t);
  proxy.lead("redis://127.0.0.1:1");
  const headers = { "x-request-id": "ask-1", traceparent: TRACEPARENT };
  const draw = await post(`${url}/draw`, { username: USER }, headers);
  t.equal(draw.status, 503);
  const [line, ...more] = having(lines, "status");
  t.match(line, {
    level: INFO,
    msg: "unavailable",
    reqId: "ask-1",
    trace_id: TRACE,
    method: "POST",
    route: "/draw",
    status: 503,
    code: "UNAVAILABLE",
    milliseconds: Number,
    count: 1,
  });
  t.same(more, []);
  t.ok(world);
});

t.test("traceparent is believed only in its W3C form", async (t) => {
  const { url, lines } = await observed(t);
  const parent = "b7ad6b7169203331";
  const traces = {
    [TRACEPARENT]: TRACE,
    [`01-${TRACE}-${parent}-00`]: TRACE,
    [`cc-${TRACE}-${parent}-01-what-comes-later`]: TRACE,
    [`00-${TRACE}-${parent}-01-more`]: undefined,
    [`ff-${TRACE}-${parent}-01`]: undefined,
    [`cc-${TRACE}-${parent}-01x`]: undefined,
    [`00-${"0".repeat(32)}-${parent}-01`]: undefined,
    [`00-${TRACE}-${"0".repeat(16)}-01`]: undefined,
    [`00-${TRACE.toUpperCase()}-${parent}-01`]: undefined,
    [TRACE]: undefined,
  };
  for (const [traceparent, trace] of Object.entries(traces)) {
    await fetch(`${url}/nowhere`, { headers: { traceparent } });
    const line = having(lines, "status").at(-1);
    t.match(line, { status: 404, msg: "refused", level: 20 });
    t.equal(line?.trace_id, trace, traceparent);
  }
});

t.test("a slow request is one line; a quick one none", async (t) => {
  const { proxy, url, lines } = await observed(t);
  const began = performance.now();
  t.equal((await post(`${url}/draw`, { username: "quick" })).status, 200);
  const took = performance.now() - began;
  t.ok(took > 500 || having(lines, "status").length === 0, `${took} ms`);
  lines.length = 0;
  proxy.delay(270);
  const headers = { "x-request-id": "slow-1" };
  const draw = await post(`${url}/draw`, { username: "slow" }, headers);
  t.equal(draw.status, 200);
  const [line, ...more] = having(lines, "status");
  t.match(line, {
    level: INFO,
    msg: "slow",
    reqId: "slow-1",
    route: "/draw",
    status: 200,
  });
  t.ok(Number(line?.milliseconds) >= 500);
  t.same(more, []);
});

t.test("an overload is a line a second, with what it stands for", async (t) => {
  const { proxy, url, lines } = await observed(t);
  proxy.lead("redis://127.0.0.1:1");
  const began = performance.now();
  for (let n = 0; n < 60; n += 1) {
    await post(`${url}/draw`, { username: USER });
  }
  const told = () =>
    having(lines, "count").filter(({ level }) => level === INFO);
  const sum = () => told().reduce((all, { count }) => all + Number(count), 0);
  await until("all are told", async () => {
    if (sum() < 60) throw new Error(`${sum()}`);
  });
  t.equal(sum(), 60);
  const seconds = (performance.now() - began) / 1_000;
  t.ok(told().length <= seconds + 2, `${told().length} in ${seconds} s`);
});

const SKIP = process.platform !== "linux" && "needs script(1) of Linux";

t.test("on a terminal the log is readable", { skip: SKIP }, async (t) => {
  const world = await createWorld(t);
  const [env, command] = commandOf();
  const line = [env, ...command].map((it) => `'${it}'`).join(" ");
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    cwd: home(),
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: world.redisUrl,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  for await (const text of createInterface(child.stdout)) {
    t.notMatch(text, /^\{/, "no JSON");
    if (/INFO.*: .*Server listening at http:/.test(text)) break;
  }
  t.pass("it listens");
  child.kill("SIGTERM");
});

/** A server with a prize that everybody wins, a proxy before its Redis, and the lines that it logs. */
async function observed(t: Test) {
  const world = await createWorld(t);
  const proxy = await createProxy(t, world.redisUrl);
  const lines: string[] = [];
  const server = await startServer(
    t,
    { ...world, redisUrl: proxy.url },
    { logged: (line) => lines.push(line) },
  );
  await setPrizes(world, [{ id: "SURE" }], server);
  return { world, proxy, url: server.url, lines };
}
