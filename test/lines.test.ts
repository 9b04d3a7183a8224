import { createConnection, type Socket } from "node:net";
import t, { type Test } from "tap";
import { memory } from "./overload/measure.js";
import { startProcess } from "./process.js";
import { until } from "./until.js";
import { createWorld } from "./world.js";

// How many requests of a connection may wait for their answers, whatever kind of request they are.

t.jobs = 1;
t.setTimeout(300_000);

const server = await startProcess(t, await createWorld(t), { METRICS: "on" });

/** Connections that read nothing unless told to. */
async function dial(t: Test, count: number) {
  const { hostname, port } = new URL(server.url);
  const sockets = Array.from({ length: count }, () => {
    const socket = createConnection(Number(port), hostname).pause();
    socket.on("error", () => {});
    return socket;
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) {
    if (socket.connecting) {
      await new Promise((resolve) => socket.once("connect", resolve));
    }
  }
  return sockets;
}

/** What the server counts of its callers' connections. */
async function connections(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^lucky_draw_connections (\d+)$/m.exec(text)?.[1]);
}

/** Waits until all but so many are cut off, and this test's own. */
const cutOff = (rest: number) =>
  until(
    "they are cut off",
    async () => {
      const open = await connections();
      if (!(open <= rest + 10)) throw new Error(`${open} connections`);
    },
    60_000,
  );

t.test("a few requests ahead are everybody's right", async (t) => {
  await dial(t, 2_000);
  const [socket] = (await dial(t, 1)) as [Socket];
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.resume();
  socket.write("GET /healthz HTTP/1.1\r\nHost:x\r\n\r\n".repeat(16));
  const answers = () => text.split("HTTP/1.1 200").length - 1;
  await until("16 answers", async () => {
    if (answers() < 16) throw new Error(`${answers()}`);
  });
  t.equal(answers(), 16);
});

const KINDS = {
  "plain requests": "",
  "requests that expect something": "Expect:x\r\n",
  "requests that ask to go on": "Expect:100-continue\r\n",
  "requests that ask for an upgrade": "Connection:upgrade\r\nUpgrade:x\r\n",
  "requests with a body": "Content-Length:1\r\n",
};

for (const [what, header] of Object.entries(KINDS)) {
  t.test(`${what} wait in line, and not without end`, async (t) => {
    // Beside these each connection may have 80 waiting, far less than the first piece that is read of it.
    await dial(t, 200);
    const greedy = await dial(t, 30);
    const body = header.startsWith("Content") ? "x" : "";
    const request = `GET /n HTTP/1.1\r\nHost:x\r\n${header}\r\n${body}`;
    const text = request.repeat(Math.floor(60_000 / request.length));
    for (const socket of greedy) socket.write(text);
    await cutOff(200);
    t.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });
}

t.test(
  "many connections that each send a little less than one alone may",
  async (t) => {
    const sockets = await dial(t, 300);
    const request = "GET /n HTTP/1.1\r\nHost:x\r\n\r\n";
    for (const socket of sockets) socket.write(request.repeat(990));
    // As many may stay as have no more than their share once the others are gone.
    await cutOff(16);
    const size = await memory(server.child.pid);
    t.comment(`${Math.round(size)} MiB`);
    t.ok(size < 500, "memory is bounded");
  },
);

t.test("who goes on after the last word has it once", async (t) => {
  const sockets = await dial(t, 5);
  const request = "GET /healthz HTTP/1.1\r\nHost:x\r\n\r\n";
  const closed = sockets.map(async (socket, n) => {
    // Some with an answer before it.
    socket.write(`${n % 2 ? request : ""}NONSENSE\r\n\r\n`);
    const timer = setInterval(() => socket.write("x"), 5);
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    clearInterval(timer);
  });
  await Promise.all(closed);
  const warnings = server.lines.filter((line) => line.includes("Warning"));
  t.same(warnings, []);
});
