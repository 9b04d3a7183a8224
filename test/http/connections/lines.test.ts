import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createConnection, type Socket } from "node:net";
import t, { type Test } from "tap";
import { serveInLine, whenOver } from "../../../src/http/connections/lines.js";
import { takeTurns } from "../../../src/http/connections/turns.js";
import { startProcess } from "../../support/server-process.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

// How many requests of a connection may wait for their answers.

t.jobs = 1;
t.setTimeout(300_000);

const server = await startProcess(t, await createWorld(t), { METRICS: "on" });

/** Connections that read nothing unless told to. */
async function dial(t: Test, count: number) {
  const { hostname: host, port } = new URL(server.url);
  const sockets = Array.from({ length: count }, () => {
    const socket = createConnection({
      ...{ host, port: Number(port) },
      // Otherwise a caller who got the last answer would leave by itself.
      allowHalfOpen: true,
    }).pause();
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

/** Reads from a socket; returns what came so far. */
function readAll(socket: Socket): () => string {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.resume();
  return () => text;
}

const answersIn = (text: string) => text.split("HTTP/1.1 ").length - 1;

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
  const text = readAll(socket);
  socket.write("GET /healthz HTTP/1.1\r\nHost:x\r\n\r\n".repeat(16));
  await until("16 answers", async () => {
    if (answersIn(text()) < 16) throw new Error(`${answersIn(text())}`);
  });
  t.equal(answersIn(text()), 16);
});

const KINDS = {
  "plain requests": "",
  "requests that expect something": "Expect:x\r\n",
  "requests that ask to go on": "Expect:100-continue\r\n",
};

for (const [what, header] of Object.entries(KINDS)) {
  t.test(`${what} wait in line, and not without end`, async (t) => {
    // Beside these each connection may have 80 waiting, far less than the first piece that is read of it.
    await dial(t, 200);
    const greedy = await dial(t, 5);
    const request = `GET /n HTTP/1.1\r\nHost:x\r\n${header}\r\n`;
    const count = Math.floor(60_000 / request.length);
    const texts = greedy.map((socket) => readAll(socket));
    for (const socket of greedy) socket.write(request.repeat(count));
    await until("they are cut off", async () => {
      const open = greedy.filter(
        (socket) => !socket.readableEnded && !socket.destroyed,
      );
      if (open.length > 0) throw new Error(`${open.length} are open`);
    });
    for (const text of texts) {
      t.ok(answersIn(text()) < count, `${answersIn(text())} of ${count}`);
    }
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
    t.equal((await fetch(`${server.url}/healthz`)).status, 200);
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

t.test(
  "of who is cut off nothing more is taken apart, though it has come",
  async (t) => {
    const server = createServer(() => {}); // answers nobody
    serveInLine(server, takeTurns(server));
    let apart = 0;
    server.on("request", () => {
      apart += 1;
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = createConnection(port, "127.0.0.1");
    socket.on("error", () => {});
    // All of it comes in one piece, of 64 KiB.
    socket.write("GET / HTTP/1.1\r\nHost:x\r\n\r\n".repeat(2_300));
    await once(socket, "close");
    t.equal(apart, 1_002, "one is served, a thousand wait, one is too many");
    await new Promise((resolve) => server.close(resolve));
  },
);

t.test("when an answer is over, and whether its caller has it", async (t) => {
  const told: Record<string, boolean> = {};
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const over = (whole: boolean) => {
      told[path] = whole;
    };
    if (path === "/gone") {
      request.socket.once("close", () =>
        setImmediate(whenOver, response, over),
      );
      request.socket.destroy();
      return;
    }
    whenOver(response, over);
    // More than the system takes from a server whose caller does not read.
    response.end(path === "/unread" ? "x".repeat(20_000_000) : "x");
  });
  serveInLine(server, takeTurns(server));
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const path of ["/whole", "/unread", "/gone"]) {
    const caller = createConnection(port, "127.0.0.1").pause();
    caller.on("error", () => {});
    caller.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    if (path === "/unread") {
      await once(caller, "readable");
      caller.destroy();
    }
    await until(`the end of ${path}`, async () => {
      if (told[path] === undefined) throw new Error("not yet");
    });
    caller.destroy();
  }
  t.same(told, { "/whole": true, "/unread": false, "/gone": false });
});
