import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import t from "tap";
import { takeTurns, waitedFor } from "../../../src/http/connections/turns.js";
import { told } from "../../support/post.js";
import { setPrizes } from "../../support/set-prizes.js";
import { startServer } from "../../support/start-server.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

/** A raw connection, what came back on it, and how many answers that were. */
function connect(url: string) {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  const seen = { text: "", closed: false };
  socket.on("data", (chunk) => {
    seen.text += chunk;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    seen.closed = true;
  });
  return {
    socket,
    seen,
    answers: () => seen.text.match(/HTTP\/1\.1 \d{3}/g)?.length ?? 0,
  };
}

t.test(
  "a caller that sends a thousand requests at once gets a thousand answers, in their order",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE" }], server);
    const { socket, seen, answers } = connect(server.url);
    const bodies = Array.from({ length: 1_000 }, (_, n) =>
      JSON.stringify({ username: `user ${n}` }),
    );
    for (const body of bodies) {
      socket.write(
        `POST /draw HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    }
    await until(
      "all answers",
      async () => {
        if (answers() < 1_000) throw new Error(`${answers()}`);
      },
      60_000,
    );
    const users = [...seen.text.matchAll(/"user_id":"user (\d+)"/g)];
    t.same(
      users.map(([, n]) => Number(n)),
      Array.from({ length: 1_000 }, (_, n) => n),
    );
    socket.destroy();
  },
);

t.test(
  "of a caller that takes no answers one request is served at a time, and others are served meanwhile",
  async (t) => {
    const world = await createWorld(t);
    let routed = 0;
    const server = await startServer(t, world, {
      prepare: (app) => {
        app.addHook("onRequest", async ({ url }) => {
          if (url === "/docs/json") routed += 1;
        });
      },
    });
    await setPrizes(world, [{ id: "SURE" }], server);
    const { socket } = connect(server.url);
    socket.pause();
    socket.write("GET /docs/json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(900));
    for (let n = 0; n < 50; n += 1) {
      t.equal(told((await server.draw(`user ${n}`)).body), "won");
    }
    const before = routed;
    for (let n = 50; n < 100; n += 1) await server.draw(`user ${n}`);
    t.equal(routed, before, "it waits for its answers to be taken");
    t.ok(routed < 900, `${routed} of 900 were begun`);
    socket.resume();
    await until(
      "all of them",
      async () => {
        if (routed < 900) throw new Error(`${routed}`);
      },
      60_000,
    );
    socket.destroy();
  },
);

t.test("who sends thousands without waiting is cut off", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const { socket, seen } = connect(server.url);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000));
  await until("the end", async () => {
    if (!seen.closed) throw new Error("open");
  });
  t.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

t.test("more connections than are read in a turn are all served", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const callers = Array.from({ length: 900 }, () => connect(server.url));
  for (const round of [1, 2, 3]) {
    for (const [n, { socket }] of callers.entries()) {
      const body = JSON.stringify({ username: `${round} ${n}` });
      socket.write(
        `POST /draw HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    }
    await until(
      "an answer each",
      async () => {
        const open = callers.filter(({ answers }) => answers() < round);
        if (open.length > 0) throw new Error(`${open.length} wait`);
      },
      60_000,
    );
  }
  const texts = callers.map(({ seen }) => seen.text).join("");
  // On a machine that is busy with others a few may have waited too long.
  t.equal(texts.match(/HTTP\/1\.1 (200|503)/g)?.length, 2_700);
  for (const { socket } of callers) socket.destroy();
});

t.test("of a crowd all are taken before the first is read", async (t) => {
  const CROWD = 300;
  const seen: { taken: number; waited: number }[] = [];
  let taken = 0;
  const server = createServer(({ socket }, response) => {
    seen.push({ taken, waited: waitedFor(socket) });
    response.end();
  });
  const turns = takeTurns(server);
  server.on("connection", () => {
    taken += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const callers = Array.from({ length: CROWD }, () => {
    const caller = connect(`http://127.0.0.1:${port}`);
    caller.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    return caller;
  });
  await until("all answers", async () => {
    if (seen.length < CROWD) throw new Error(`${seen.length}`);
  });
  // The first few are no crowd yet.
  t.equal(seen.filter((it) => it.taken < CROWD).length, 8);
  t.equal(seen.filter(({ waited }) => waited === 0).length, 8);
  t.equal(turns.count(), CROWD);
  for (const { socket } of callers) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await until("none is counted", async () => {
    if (turns.count() > 0) throw new Error(`${turns.count()}`);
  });
});
