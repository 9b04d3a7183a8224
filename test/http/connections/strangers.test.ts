import { readdir } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import t, { type Test } from "tap";
import { watchLateness } from "../../../src/engine/lateness.js";
import { memory } from "../../overload/measure.js";
import {
  listing,
  type ServerProcess,
  startProcess,
} from "../../support/server-process.js";
import { setPrizes } from "../../support/set-prizes.js";
import { bound, slowdown } from "../../support/slowdown.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

// Nothing that a stranger sends ends a server or keeps it from others.

t.jobs = 1;

const ADMIN_TOKEN = "an-administrator-s-token-of-the-tests";

async function setUp(t: Test) {
  const world = await createWorld(t);
  const settings = { METRICS: "on", ADMIN_TOKEN };
  const server = await startProcess(t, world, settings);
  await setPrizes(world, [{ id: "SURE" }]);
  await listing([server], "SURE");
  return { world, server };
}

function connect({ url }: ServerProcess): Socket {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  socket.on("error", () => {});
  return socket;
}

let users = 0;

async function draw({ url }: ServerProcess): Promise<number> {
  users += 1;
  const answer = await fetch(`${url}/draw`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: `user ${users}` }),
  });
  await answer.text();
  return answer.status;
}

/**
 * A draw of a caller who asks again after a 503, as told. Returns the milliseconds until the answer. Only where other
 * processes take the machine away may there be a 503.
 */
async function served(t: Test, server: ServerProcess): Promise<number> {
  const began = performance.now();
  for (;;) {
    const status = await draw(server);
    if (status === 200) return performance.now() - began;
    const slow = slowdown();
    const isBusy = status === 503 && slow > 1.5;
    t.ok(isBusy, `${status} on a machine ${slow.toFixed(1)} times as slow`);
    if (!isBusy) return Number.POSITIVE_INFINITY;
  }
}

const files = async ({ child }: ServerProcess) =>
  (await readdir(`/proc/${child.pid}/fd`)).length;

const top = t as unknown as Test;

let one: Promise<Awaited<ReturnType<typeof setUp>>> | undefined;

/** One server for all tests: what one leaves behind would show in the next. */
function shared(t: Test) {
  t.setTimeout(120_000);
  one ??= setUp(top);
  return one;
}

/** What makes Node hand over a socket, or give up on it. */
const ODD = {
  CONNECT: "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
  "an upgrade":
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "an upgrade to HTTP/2":
    "POST /draw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 9\r\n\r\n{",
  "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  TLS: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "no HTTP": "hello\r\n\r\n",
  "an expectation":
    "POST /draw HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\nContent-Length: 2\r\n\r\n{}",
  "half a head": "GET / HTTP/1.1\r\nHost: x\r\nX-Long: a",
  "half a body":
    "POST /draw HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
  "a bad chunk":
    "POST /draw HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  "headers without an end": `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}`,
  nothing: "",
};

for (const [what, text] of Object.entries(ODD)) {
  t.test(`${what}, then a reset: 300 times`, async (t) => {
    const { server } = await shared(t);
    const calm = await files(server);
    let done = 0;
    await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        const socket = connect(server);
        await new Promise((resolve) => socket.once("connect", resolve));
        if (text) socket.write(text, "latin1");
        // Before it is read, while it is answered, and after.
        await new Promise((resolve) => setTimeout(resolve, n % 6));
        socket.resetAndDestroy();
        done += 1;
      }),
    );
    t.equal(done, 300);
    t.equal(server.child.exitCode, null, "it lives");
    t.ok((await served(t, server)) < Number.POSITIVE_INFINITY);
    await until("its files are closed", async () => {
      const open = await files(server);
      if (open > calm + 10) throw new Error(`${open}, before ${calm}`);
    });
  });
}

/** Every route that answers without a key to it, and some that don't. */
const PATHS = [
  "/",
  "/healthz",
  "/readyz",
  "/prizes",
  "/metrics",
  "/docs",
  "/docs/json",
  "/docs/yaml",
  "/docs/static/swagger-ui-bundle.js",
  "/docs/static/swagger-ui.css",
  "/admin/",
  "/admin/prizes",
  "/admin/live",
  "/results?username=x",
  "/redeem?username=x",
  "/nowhere",
  "/%c0",
];

for (const path of PATHS) {
  t.test(`30 connections that take no answers of ${path}`, async (t) => {
    const { server } = await shared(t);
    const calm = await files(server);
    const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const text = request.repeat(Math.floor(65_536 / request.length));
    const sockets = Array.from({ length: 30 }, () => connect(server));
    for (const socket of sockets) {
      socket.pause();
      socket.write(text);
    }
    const late = watchLateness();
    let slowest = 0;
    let most = 0;
    for (let n = 0; n < 40; n += 1) {
      slowest = Math.max(slowest, await served(t, server));
      most = Math.max(most, await memory(server.child.pid));
    }
    t.comment(`slowest draw ${slowest.toFixed()} ms, ${most.toFixed()} MiB`);
    // Two seconds are the promise; beside busy neighbours this process is late, too.
    t.ok(slowest < bound(2_000) + 4 * late(), "draws go on");
    t.ok(most < 500, "memory is bounded");
    for (const socket of sockets) socket.destroy();
    await until("its files are closed", async () => {
      const open = await files(server);
      if (open > calm + 10) throw new Error(`${open}, before ${calm}`);
    });
  });
}

t.test("300 slow viewers of the live figures: fifty at a time", async (t) => {
  const { server } = await shared(t);
  const sockets = Array.from({ length: 300 }, () => connect(server));
  for (const socket of sockets) {
    socket.pause();
    socket.write(
      `GET /admin/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`,
    );
  }
  await until("fifty viewers", async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    if (!text.includes("lucky_draw_live_viewers 50")) throw new Error("fewer");
  });
  t.ok((await served(t, server)) < Number.POSITIVE_INFINITY);
  for (const socket of sockets) socket.destroy();
  await until("none", async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    if (!text.includes("lucky_draw_live_viewers 0")) throw new Error("some");
  });
});

t.test(
  "300 idle connections and 1,000 half-closed ones leave by themselves",
  async (t) => {
    const { server } = await shared(t);
    const calm = await files(server);
    const idle = Array.from({ length: 300 }, () => connect(server));
    const half = Array.from({ length: 1_000 }, () => connect(server));
    for (const socket of half)
      socket.end("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await until("they are seen", async () => {
      if ((await files(server)) < calm + 200) throw new Error("not yet");
    });
    t.ok((await served(t, server)) < Number.POSITIVE_INFINITY);
    await until(
      "their files are closed",
      async () => {
        const open = await files(server);
        if (open > calm + 10) throw new Error(`${open}, before ${calm}`);
      },
      40_000,
    );
    for (const socket of [...idle, ...half]) socket.destroy();
  },
);

t.test(
  "complete requests that a process which stood still did not read in time get a 503",
  async (t) => {
    const { server } = await setUp(t);
    const sockets = Array.from({ length: 20 }, () => connect(server));
    const texts: string[] = [];
    for (const socket of sockets) {
      socket.on("data", (chunk) => texts.push(String(chunk)));
      await new Promise((resolve) => socket.once("connect", resolve));
    }
    await draw(server);
    server.child.kill("SIGSTOP");
    for (const [n, socket] of sockets.entries()) {
      const body = JSON.stringify({ username: `stopped ${n}` });
      socket.write(
        `POST /draw HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 6_500)); // what it stands still for
    server.child.kill("SIGCONT");
    await until("an answer each", async () => {
      if (texts.length < 20) throw new Error(`${texts.length}`);
    });
    const wrong = texts.filter((text) => !/^HTTP\/1\.1 (200|503)/.test(text));
    t.same(wrong, []);
    for (const text of texts) {
      if (text.startsWith("HTTP/1.1 503"))
        t.match(text, /Retry-After: [1-4]\r\n/i);
    }
  },
);

t.test("DOCS=off: no documents", async (t) => {
  const world = await createWorld(t);
  const server = await startProcess(t, world, { DOCS: "off" });
  for (const path of ["/docs", "/docs/json", "/docs/static/swagger-ui.css"]) {
    t.equal((await fetch(`${server.url}${path}`)).status, 404, path);
  }
});
