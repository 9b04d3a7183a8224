import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import createSql from "postgres";
import t, { type Test } from "tap";
import { postgresPrograms } from "../../../src/stores/embedded/cluster.js";
import { freeAddress } from "../../../src/stores/embedded/redis.js";
import { redisProgram } from "../../../src/stores/embedded/redis-program.js";
import { storesUser } from "../../../src/stores/embedded/user.js";
import { migrate } from "../../../src/stores/migrate.js";
import {
  folder,
  killStores,
  started,
  storesIn,
} from "../../support/npm-start.js";
import { until } from "../../support/until.js";

// What the revision before this kept in `.data`: ports and passwords in files, an append-only file open to all, and,
// where root had started it, a PostgreSQL of `nobody`. Both still run, since their server was killed.

const isRoot = process.getuid?.() === 0;
const NOBODY = isRoot ? { uid: 65_534, gid: 65_534 } : {};

async function earlier(t: Test, cwd: string) {
  const data = join(cwd, ".data");
  const [cluster, redisFolder] = [join(data, "postgres"), join(data, "redis")];
  await mkdir(redisFolder, { recursive: true });
  await mkdir(cluster, { mode: 0o700 });
  for (const path of [cwd, data, redisFolder]) await chmod(path, 0o755);
  const { port, password } = await freeAddress();
  const other = await freeAddress();
  const config = join(redisFolder, "redis.conf");
  await writeFile(
    config,
    `bind 127.0.0.1\nport ${port}\nrequirepass ${password}\ndir "${redisFolder}"\nappendonly yes\nappendfsync everysec\nsave ""\n`,
    { mode: 0o600 },
  );
  const program = redisProgram(() => {});
  spawn(program, [config], { detached: true, stdio: "ignore" }).unref();

  const secret = `${cluster}.password`;
  await writeFile(secret, other.password, { mode: 0o600 });
  if (isRoot) {
    for (const path of [cluster, secret]) await chown(path, 65_534, 65_534);
  }
  const { initdb, postgres } = await postgresPrograms(
    await storesUser(() => {}),
  );
  const options = [
    "--username=postgres",
    "--auth=scram-sha-256",
    "--no-locale",
  ];
  const more = ["--encoding=UTF8", `--pwfile=${secret}`, "-D", cluster];
  execFileSync(initdb, [...options, ...more], { ...NOBODY, cwd });
  const at = ["-p", String(other.port), "-h", "127.0.0.1", "-k", ""];
  const running = spawn(postgres, ["-D", cluster, ...at], {
    ...NOBODY,
    detached: true,
    stdio: "ignore",
  });
  running.unref();
  await writeFile(join(data, "owner"), String(process.pid));
  t.teardown(() => killStores(cwd));
  const url = `postgres://postgres:${other.password}@127.0.0.1:${other.port}/postgres`;
  await until("its Postgres", () => migrate(url, true));
  const sql = createSql(url, { max: 1 });
  await sql`
    insert into prize (id, title, probability) values ('KEPT', 'Kept', 0)`;
  await sql.end();
  const redis = new Redis({ port, password, protocol: 2 });
  await redis.set("kept", "from before");
  redis.disconnect();
  return {
    data,
    ports: [port, other.port],
    secrets: [password, other.password],
  };
}

/** Takes the ports of stores that have ended, and counts who comes. */
async function takeOver(t: Test, ports: number[]) {
  let callers = 0;
  for (const port of ports) {
    const listener = createServer((socket) => {
      callers += 1;
      socket.destroy();
    });
    await until("a free port", async () => {
      listener.listen(port, "127.0.0.1");
      await once(listener, "listening");
    });
    t.teardown(() => listener.close());
  }
  return () => callers;
}

async function kept(t: Test, url: string, data: string) {
  const { data: answer } = (await (await fetch(`${url}/prizes`)).json()) as {
    data: { prizes: { id: string }[] };
  };
  t.ok(answer.prizes.some(({ id }) => id === "KEPT"));
  const redis = new Redis({
    path: join(data, "redis/redis.sock"),
    protocol: 2,
  });
  t.equal(await redis.get("kept"), "from before");
  redis.disconnect();
}

const left = async (data: string) => (await readdir(data)).sort();

t.test("its orphans are ended, its data is kept and closed", async (t) => {
  const cwd = await folder(t);
  const { data } = await earlier(t, cwd);
  const before = await storesIn(cwd);
  t.ok(before.redis && before.postmaster);
  const server = await started(t, cwd);
  t.not(server.url, "", server.said());
  await kept(t, server.url, data);
  const after = await storesIn(cwd);
  t.same(
    after.all.filter((pid) => before.all.includes(pid)),
    [],
  );
  t.same(await left(data), ["owner", "postgres", "proof-key", "redis"]);
  const open = execFileSync("find", [data, "-perm", "/077"]);
  t.equal(String(open), "");
  if (isRoot) {
    const theirs = execFileSync("find", [data, "-user", "nobody"]);
    t.equal(String(theirs), "");
  }
  t.equal(await server.end("SIGTERM"), 0);
  t.same((await storesIn(cwd)).all, []);
});

t.test("whoever has the old ports is told nothing", async (t) => {
  const cwd = await folder(t);
  const { data, ports, secrets } = await earlier(t, cwd);
  // After a restart of the machine the files are there and the processes are not.
  await killStores(cwd);
  const callers = await takeOver(t, ports);
  const server = await started(t, cwd);
  t.not(server.url, "", server.said());
  await kept(t, server.url, data);
  t.equal(callers(), 0);
  // Nor are the secrets kept, which others may have read.
  for (const secret of secrets) {
    t.equal(spawnSync("grep", ["-rq", secret, data]).status, 1);
  }
});
