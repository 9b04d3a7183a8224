import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import t from "tap";
import { keys } from "../src/stores/keys.js";
import { winsInOutbox } from "./support/outbox-entries.js";
import { post, told } from "./support/post.js";
import { listing, startProcess } from "./support/server-process.js";
import { setPrizes } from "./support/set-prizes.js";
import { bound } from "./support/slowdown.js";
import { until } from "./support/until.js";
import { createWorld } from "./support/world.js";

t.test(
  "SIGTERM under load: the answers under way go out, queues are flushed, exit 0",
  async (t) => {
    const world = await createWorld(t);
    const server = await startProcess(t, world);
    await setPrizes(world, [{ id: "SURE" }]);
    await listing([server], "SURE");
    // The requests are in the server when the signal comes: Postgres is held until then.
    const lock = await world.sql.reserve();
    await lock`begin`;
    await lock`lock table result in access exclusive mode`;
    const draws = Array.from({ length: 40 }, (_, n) =>
      post(`${server.url}/draw`, { username: `user ${n}` }),
    );
    await until("all wins", async () => {
      if ((await winsInOutbox(world.redis)) < 40) throw new Error("not yet");
    });
    const began = performance.now();
    const ended = server.end("SIGTERM");
    await pause(200);
    await t.rejects(
      post(`${server.url}/draw`, { username: "late" }),
      "no new connections",
    );
    await lock`rollback`;
    lock.release();
    const answers = await Promise.all(draws);
    t.same(new Set(answers.map(({ body }) => told(body))), new Set(["won"]));
    t.equal(await ended, 0);
    t.comment(
      `ended ${Math.round(performance.now() - began)} ms after the signal`,
    );
    t.ok(performance.now() - began < bound(2_000));
    t.equal(await world.redis.xlen(keys.outbox), 0, "all settled");
    t.equal(await world.redis.hlen(keys.pending), 0, "all noted as delivered");
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, 40);
  },
);

t.test(
  "SIGTERM with DRAIN_SECONDS: unready at once, and all is answered until then",
  async (t) => {
    const world = await createWorld(t);
    const server = await startProcess(t, world, { DRAIN_SECONDS: "600" });
    await setPrizes(world, [{ id: "SURE" }]);
    await listing([server], "SURE");
    const kept = await fetch(`${server.url}/readyz`);
    t.same([kept.status, kept.headers.get("connection")], [200, "keep-alive"]);
    const ended = server.end("SIGTERM");
    const unready = await until("a word on it", async () => {
      const answer = await fetch(`${server.url}/readyz`);
      if (answer.status !== 503) throw new Error(String(answer.status));
      return answer.json();
    });
    t.same(unready, {
      ready: false,
      problems: ["This server is about to stop."],
    });
    t.equal((await fetch(`${server.url}/healthz`)).status, 200);
    for (const username of ["ann", "bob"]) {
      const win = await post(`${server.url}/draw`, { username });
      t.equal(told(win.body), "won");
      t.equal(win.headers.get("connection"), "close", "no link is kept");
    }
    server.child.kill("SIGINT"); // whoever sits before it waits no longer
    t.equal(await ended, 0);
    await t.rejects(fetch(`${server.url}/healthz`));
  },
);

t.test("the drain ends by itself", async (t) => {
  const world = await createWorld(t);
  const server = await startProcess(t, world, { DRAIN_SECONDS: "1" });
  const began = performance.now();
  t.equal(await server.end("SIGTERM"), 0);
  t.ok(performance.now() - began >= 1_000);
});

t.test(
  "an idle server ends at once, also with connections kept alive, also by Ctrl-C twice",
  async (t) => {
    const world = await createWorld(t);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const server = await startProcess(t, world);
      await fetch(`${server.url}/healthz`);
      const began = performance.now();
      const ended = server.end(signal);
      server.child.kill(signal);
      t.equal(await ended, 0);
      t.ok(performance.now() - began < bound(2_000));
    }
  },
);

t.test(
  "a caller that never finishes its request does not hold the stop up",
  async (t) => {
    const world = await createWorld(t);
    const server = await startProcess(t, world);
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      "POST /draw HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
    );
    await pause(100);
    t.equal(await server.end("SIGTERM"), 0);
    socket.destroy();
  },
);

t.test("a port in use is told, and the process ends", async (t) => {
  const world = await createWorld(t);
  const server = await startProcess(t, world);
  const { port } = new URL(server.url);
  await t.rejects(startProcess(t, world, { PORT: port }), /PORT: \d+ is taken/);
});

t.test(
  "a database that does not let it in is told, and the process ends",
  async (t) => {
    const world = await createWorld(t);
    const url = new URL(world.databaseUrl);
    url.pathname = "/no_such_database";
    const failed = startProcess(t, { ...world, databaseUrl: url.href });
    await t.rejects(failed, /there is no such database/);
  },
);
