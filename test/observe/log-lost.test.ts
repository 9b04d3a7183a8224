import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import t, { type Test } from "tap";
import { freePort } from "../../src/stores/embedded/redis.js";
import { commandOf } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { home } from "../support/temporary-folder.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// A log that can't be written never stops the service.

/** A server whose standard output is what the test makes it. */
async function start(t: Test, world: World, out: number | "pipe") {
  const [env, command] = commandOf();
  const port = await freePort();
  const child = spawn(env, command, {
    cwd: home(),
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: world.redisUrl,
      LOG_LEVEL: "trace",
      METRICS: "on",
    },
    stdio: ["ignore", out, "ignore"],
  });
  const exited = once(child, "exit");
  t.teardown(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await until("it serves", () => fetch(`${url}/healthz`));
  return { child, url, exited };
}

async function serves(t: Test, url: string) {
  t.equal((await fetch(`${url}/healthz`)).status, 200);
  for (let n = 0; n < 300; n += 1) {
    const answer = await fetch(`${url}/nowhere`, {
      headers: { "x-request-id": "x".repeat(100) },
    });
    t.equal(answer.status, 404);
    await answer.text();
  }
}

async function dropped(url: string) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(
    /^lucky_draw_log_lines_dropped_total (\d+)/m.exec(text)?.[1] ?? "0",
  );
}

t.test("a full disk", async (t) => {
  const world = await createWorld(t);
  const full = openSync("/dev/full", "w");
  t.teardown(() => closeSync(full));
  const { child, url, exited } = await start(t, world, full);
  await setPrizes(world, [{ id: "A" }]);
  await serves(t, url);
  t.ok((await dropped(url)) > 100);
  child.kill("SIGTERM");
  t.same(await exited, [0, null], "and it stops cleanly");
});

t.test("a start that fails on a full disk ends", async (t) => {
  const world = await createWorld(t);
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const full = openSync("/dev/full", "w");
  const [env, command] = commandOf();
  const child = spawn(env, command, {
    cwd: home(),
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: world.redisUrl,
    },
    stdio: ["ignore", full, full],
  });
  t.teardown(() => child.kill("SIGKILL"));
  t.same(await once(child, "exit"), [1, null]);
  closeSync(full);
});

t.test("a reader that has gone", async (t) => {
  const world = await createWorld(t);
  const { child, url, exited } = await start(t, world, "pipe");
  child.stdout?.destroy();
  await serves(t, url);
  t.ok((await dropped(url)) > 100);
  child.kill("SIGTERM");
  t.same(await exited, [0, null]);
});

t.test("a reader that has stopped", async (t) => {
  const world = await createWorld(t);
  const { child, url, exited } = await start(t, world, "pipe");
  child.stdout?.pause();
  // More than the pipe and the buffer hold.
  let last = 0;
  await until(
    "lines are dropped",
    async () => {
      await Promise.all(
        Array.from({ length: 40 }, async () => {
          const answer = await fetch(`${url}/nowhere`, {
            headers: { "x-request-id": "x".repeat(120) },
          });
          await answer.text();
        }),
      );
      last = await dropped(url);
      if (last === 0) throw new Error("none");
    },
    120_000,
  );
  const { hostname, port } = new URL(url);
  createConnection(Number(port), hostname).destroy();
  t.equal((await fetch(`${url}/healthz`)).status, 200);
  // It reads again: the log says what is missing.
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text = (text + chunk).slice(-4_000_000);
  });
  child.stdout?.resume();
  await until("it is told", async () => {
    await (await fetch(`${url}/nowhere`)).text();
    if (!/"dropped":\d+/.test(text)) throw new Error("not yet");
  });
  child.kill("SIGTERM");
  t.same(await exited, [0, null]);
});
