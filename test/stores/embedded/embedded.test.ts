import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import {
  abandon,
  ended,
  folder,
  start,
  started,
  storesIn,
} from "../../support/npm-start.js";
import { post, told } from "../../support/post.js";
import { commandOf } from "../../support/server-process.js";
import { until } from "../../support/until.js";

const KEY = { "idempotency-key": "k1" };

t.test("brings its own pair, keeps the data, and ends all of it", async (t) => {
  const cwd = await folder(t);
  const first = await started(t, cwd);
  t.match(first.lines.join("\n"), /listens on http/);
  const prizes = (await (await fetch(`${first.url}/prizes`)).json()) as {
    data: { prizes: { id: string }[] };
  };
  t.same(prizes.data.prizes.map((prize) => prize.id).sort(), [
    "BUY_ONE_GET_ONE",
    "FIVE_DOLLAR",
    "TWO_DOLLAR",
  ]);
  const users = Array.from({ length: 20 }, (_, n) => `user ${n}`);
  for (const username of users)
    t.equal((await post(`${first.url}/draw`, { username })).status, 200);
  const stores = await storesIn(cwd);
  t.ok(stores.redis && stores.postmaster);
  t.equal(await first.end("SIGINT"), 0);
  t.same((await storesIn(cwd)).all, [], "none is left");

  const second = await started(t, cwd);
  for (const username of users) {
    t.equal(
      told((await post(`${second.url}/draw`, { username })).body),
      "participated",
      "its data is kept",
    );
  }
  // As when its terminal is closed.
  t.equal(await second.end("SIGHUP"), 0);
  t.same((await storesIn(cwd)).all, [], "none is left");
});

t.test("kill -9 takes the stores along, and costs nothing", async (t) => {
  const cwd = await folder(t);
  const first = await started(t, cwd);
  const before = await post(`${first.url}/draw`, { username: "ann" }, KEY);
  t.equal(before.status, 200);
  t.equal(await first.end("SIGKILL"), null);
  await ended(cwd);
  const second = await started(t, cwd);
  const after = await post(`${second.url}/draw`, { username: "ann" }, KEY);
  t.same(after.body, before.body, "what she was told is remembered");
});

t.test("stores that outlive their server are ended by the next", async (t) => {
  const cwd = await folder(t);
  const first = await started(t, cwd);
  const before = await post(`${first.url}/draw`, { username: "ann" }, KEY);
  await abandon(cwd, first);
  const orphans = await storesIn(cwd);
  t.ok(orphans.redis && orphans.postmaster, "they are orphans now");
  // Even one that can't hear a signal.
  process.kill(orphans.redis ?? 0, "SIGSTOP");
  const second = await started(t, cwd);
  t.not(second.url, "");
  const stores = await storesIn(cwd);
  t.not(stores.redis, orphans.redis);
  t.not(stores.postmaster, orphans.postmaster);
  const after = await post(`${second.url}/draw`, { username: "ann" }, KEY);
  t.same(after.body, before.body, "what she was told is remembered");
  t.equal(await second.end("SIGINT"), 0);
  t.same((await storesIn(cwd)).all, []);
});

t.test("a folder in use is told, and its owner is not disturbed", async (t) => {
  const cwd = await folder(t);
  const owner = await started(t, cwd);
  const other = await started(t, cwd);
  t.equal(other.url, "");
  t.equal((await other.exited)[0], 1);
  t.match(
    other.lines.join("\n"),
    /is in use by process \d+: stop that one first/,
  );
  t.equal((await post(`${owner.url}/draw`, { username: "ann" })).status, 200);
});

t.test("of two that start at once one has the folder", async (t) => {
  const cwd = await folder(t);
  const both = [await start(t, cwd), await start(t, cwd)];
  const urls = await Promise.all(both.map(({ heard }) => heard));
  const [url, ...more] = urls.filter((url) => url !== undefined);
  t.same(more, []);
  t.equal((await post(`${url}/draw`, { username: "ann" })).status, 200);
  const loser = both[urls.indexOf(undefined)];
  t.match(loser?.said(), /is in use by process \d+/);
});

t.test("killed at any moment of its first start, it starts", async (t) => {
  const cwd = await folder(t);
  const moments = [
    "owner",
    "redis/redis.sock",
    "postgres.new",
    "postgres.new/PG_VERSION",
    "postgres/pg_hba.conf",
    "postgres/postmaster.pid",
  ];
  for (const moment of moments) {
    const { end, exited } = await start(t, cwd);
    let isOver = false;
    exited.then(() => {
      isOver = true;
    });
    const path = join(cwd, ".data", moment);
    await until(moment, async () => {
      if (!existsSync(path) && !isOver) throw new Error("not yet");
    });
    t.equal(await end("SIGKILL"), null, moment);
  }
  const server = await started(t, cwd);
  t.equal((await post(`${server.url}/draw`, { username: "ann" })).status, 200);
  t.same((await readdir(join(cwd, ".data"))).sort(), [
    "owner",
    "postgres",
    "proof-key",
    "redis",
  ]);
});

t.test(
  "without a Redis, and without apt-get, it says what to type",
  async (t) => {
    const cwd = await folder(t);
    const bin = join(cwd, "bin");
    await mkdir(bin);
    await symlink(process.execPath, join(bin, "node"));
    const [env, command] = commandOf();
    const child = spawn(env, command, {
      cwd,
      env: { PATH: bin },
      stdio: "pipe",
    });
    let text = "";
    child.stderr.on("data", (chunk) => {
      text += chunk;
    });
    t.equal((await once(child, "exit"))[0], 1);
    t.match(text, /^No redis-server or valkey-server was found/);
    for (const line of [
      "apt-get install -y redis-server",
      "dnf install -y valkey",
      "apk add redis",
      "brew install redis",
    ]) {
      t.ok(text.includes(line), line);
    }
  },
);

t.test("a port in use ends what was started", async (t) => {
  const cwd = await folder(t);
  const elsewhere = await folder(t);
  const owner = await started(t, elsewhere);
  const { port } = new URL(owner.url);
  const other = await started(t, cwd, { PORT: port });
  t.equal((await other.exited)[0], 1);
  t.match(other.lines.join("\n"), /PORT: \d+ is taken/);
  t.same((await storesIn(cwd)).all, []);
});
