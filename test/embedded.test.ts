import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import t, { type Test } from "tap";
import { post, told } from "./build.js";
import { commandOf } from "./process.js";

const [env, command] = commandOf();

/** `npm start` without a setting, in a folder of the test's own. */
async function start(t: Test, cwd: string, port = "0") {
  const child = spawn(env, command, {
    cwd,
    env: { PATH: process.env.PATH, PORT: port },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return (await exited)[0];
  };
  const lines: string[] = [];
  const url = await new Promise<string | undefined>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        lines.push(line);
        const curl = /^ {2}curl -X POST (\S+)\/draw /.exec(line)?.[1];
        if (curl) resolve(curl);
      });
    }
    exited.then(() => resolve(undefined));
  });
  t.teardown(() => end("SIGTERM"));
  return { url: url ?? "", lines, end, exited };
}

const KEY = { "idempotency-key": "k1" };

async function folder(t: Test): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "lucky-draw-embedded-"));
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** The processes that have the folder in their command line or run in it: the stores. */
function storesIn(folder: string): string[] {
  const all = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" });
  return all
    .split("\n")
    .filter(
      (line) => line.includes(folder) && /postgres|redis|valkey/.test(line),
    );
}

async function redisAnswers(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, ".data/redis/redis.conf"), "utf8");
  const port = /^port (\d+)$/m.exec(text)?.[1];
  const listening = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return listening.includes(`127.0.0.1:${port}`);
}

t.test("brings its own pair, keeps the data, and ends all of it", async (t) => {
  const cwd = await folder(t);
  const first = await start(t, cwd);
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
  t.ok(storesIn(cwd).length > 0);
  t.ok(await redisAnswers(cwd));
  t.equal(await first.end("SIGINT"), 0);
  t.same(storesIn(cwd), [], "no PostgreSQL is left");
  t.notOk(await redisAnswers(cwd), "no Redis is left");

  const second = await start(t, cwd);
  for (const username of users) {
    t.equal(
      told((await post(`${second.url}/draw`, { username })).body),
      "participated",
      "its data is kept",
    );
  }
  t.equal(await second.end("SIGTERM"), 0);
});

t.test("kill -9 leaves nothing that the next start trips over", async (t) => {
  const cwd = await folder(t);
  const first = await start(t, cwd);
  const before = await post(`${first.url}/draw`, { username: "ann" }, KEY);
  t.equal(before.status, 200);
  t.equal(await first.end("SIGKILL"), null);
  t.ok(storesIn(cwd).length > 0, "the stores are orphans now");
  const second = await start(t, cwd);
  t.not(second.url, "");
  const after = await post(`${second.url}/draw`, { username: "ann" }, KEY);
  t.same(after.body, before.body, "what she was told is remembered");
  t.equal(await second.end("SIGINT"), 0);
  t.same(storesIn(cwd), []);
  t.notOk(await redisAnswers(cwd));
});

t.test("a folder in use is told, and its owner is not disturbed", async (t) => {
  const cwd = await folder(t);
  const owner = await start(t, cwd);
  const other = await start(t, cwd);
  t.equal(other.url, "");
  t.equal((await other.exited)[0], 1);
  t.match(
    other.lines.join("\n"),
    /is in use by process \d+: stop that one first/,
  );
  t.equal((await post(`${owner.url}/draw`, { username: "ann" })).status, 200);
});

t.test(
  "without a Redis, and without apt-get, it says what to type",
  async (t) => {
    const cwd = await folder(t);
    const bin = join(cwd, "bin");
    await mkdir(bin);
    await symlink(process.execPath, join(bin, "node"));
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
  const owner = await start(t, elsewhere);
  const { port } = new URL(owner.url);
  const other = await start(t, cwd, port);
  t.equal((await other.exited)[0], 1);
  t.match(other.lines.join("\n"), /EADDRINUSE/);
  t.same(storesIn(cwd), []);
});
