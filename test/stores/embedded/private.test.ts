import { spawnSync } from "node:child_process";
import {
  chmod,
  chown,
  link as hardlink,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import t from "tap";
import { folder, started, storesIn } from "../../support/npm-start.js";
import { post } from "../../support/post.js";
import { runCommand } from "../../support/run-command.js";
import { until } from "../../support/until.js";

const isRoot = process.getuid?.() === 0;

/** Another user of the machine. */
const NOBODY = 65_534;

/** What lies below a path and others may read, write or enter. */
async function openIn(path: string): Promise<string[]> {
  const { mode } = await lstat(path);
  const isOpen = (mode & 0o077) !== 0 ? [`${path} ${mode.toString(8)}`] : [];
  const inside = isFolder(mode)
    ? (await readdir(path)).map((name) => openIn(join(path, name)))
    : [];
  return [...isOpen, ...(await Promise.all(inside)).flat()];
}

const isFolder = (mode: number) => (mode & 0o170000) === 0o040000;

/** What a shell command of another user comes to. */
function asNobody(command: string) {
  const { status, stdout } = spawnSync("/bin/sh", ["-c", command], {
    uid: NOBODY,
    gid: NOBODY,
    encoding: "utf8",
  });
  return { status, stdout };
}

/** The ports that a process listens at. */
async function portsOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  const files = await Promise.all(
    names.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")),
  );
  const tables = ["tcp", "tcp6"].map((kind) =>
    readFile(`/proc/${pid}/net/${kind}`, "utf8").catch(() => ""),
  );
  return (await Promise.all(tables))
    .join("\n")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, ...rest]) => {
      return state === "0A" && files.includes(`socket:[${rest[5]}]`);
    })
    .map(([, address]) => address ?? "");
}

t.test("all that it keeps is its owner's, whatever the umask", async (t) => {
  for (const umask of ["000", "022", "077"]) {
    const cwd = await folder(t);
    const server = await started(t, cwd, { umask });
    await post(`${server.url}/draw`, { username: "ann" });
    t.same(await openIn(join(cwd, ".data")), [], `running, ${umask}`);
    t.equal(await server.end("SIGTERM"), 0);
    t.same(await openIn(join(cwd, ".data")), [], `stopped, ${umask}`);
  }
});

t.test("what stands open is closed by the next start", async (t) => {
  const cwd = await folder(t);
  const first = await started(t, cwd);
  t.notMatch(first.said(), /could enter/);
  await first.end("SIGTERM");
  const data = join(cwd, ".data");
  // As the revision before left it, and worse.
  t.equal(spawnSync("chmod", ["-R", "a+rwX", data]).status, 0);
  t.not((await openIn(data)).length, 0);
  const second = await started(t, cwd);
  t.same(await openIn(data), []);
  t.match(second.said(), /Other users of this machine could enter .*\.data/);
});

t.test("nothing listens but two sockets in the folder", async (t) => {
  const cwd = await folder(t);
  const server = await started(t, cwd);
  const { redis, all } = await storesIn(cwd);
  t.ok(all.length > 2);
  for (const pid of all) t.same(await portsOf(pid), []);
  t.equal(
    (await portsOf(server.pid)).length,
    1,
    "the server's own, to compare",
  );
  t.ok(redis);
});

t.test("no secret is where others look", async (t) => {
  const cwd = await folder(t);
  const ADMIN_TOKEN = "a-token-that-nobody-else-may-see-0123456789";
  const { pid } = await started(t, cwd, { ADMIN_TOKEN });
  const of = (pid: number, name: string) =>
    readFile(`/proc/${pid}/${name}`, "utf8");
  t.match(await of(pid, "environ"), ADMIN_TOKEN);
  for (const pid of (await storesIn(cwd)).all) {
    t.notMatch(await of(pid, "environ"), ADMIN_TOKEN);
    t.notMatch(await of(pid, "cmdline"), /pass|secret|:\/\//);
    t.match(await of(pid, "limits"), /^Max core file size +0 +0 /m);
  }
  t.notOk((await readdir(join(cwd, ".data"))).join().match(/password/));
  t.notOk((await readdir(join(cwd, ".data/redis"))).includes("redis.conf"));
});

t.test("another user reads nothing and reaches nothing", async (t) => {
  if (!isRoot) return t.comment("root alone can be another user");
  const cwd = await folder(t);
  await chmod(cwd, 0o755);
  await writeFile(join(cwd, "beside"), "open to all");
  const server = await started(t, cwd, { umask: "000" });
  await post(`${server.url}/draw`, { username: "ann" });
  t.match(asNobody(`cat ${cwd}/beside`), { status: 0, stdout: "open to all" });
  const data = join(cwd, ".data");
  const doors = [data, join(data, "redis"), join(data, "postgres")];
  const { all } = await storesIn(cwd);
  for (const pid of [...all, server.pid]) {
    doors.push(
      `/proc/${pid}/cwd`,
      `/proc/${pid}/fd`,
      `/proc/${pid}/root${data}`,
    );
    // Nor may it end a store, as any process of the same user may.
    t.not(asNobody(`kill -0 ${pid}`).status, 0);
    t.not(asNobody(`cat /proc/${pid}/environ`).status, 0);
    t.not((await lstat(`/proc/${pid}`)).uid, NOBODY);
  }
  for (const door of doors) t.not(asNobody(`ls ${door}/`).status, 0, door);
  const files = ["redis/redis.log", "postgres/PG_VERSION", "owner"];
  for (const file of files) t.not(asNobody(`cat ${data}/${file}`).status, 0);
  const segments = asNobody("cat /dev/shm/PostgreSQL.*").status;
  t.not(segments, 0, "shared memory");
});

t.test("a folder of somebody else is refused", async (t) => {
  if (!isRoot) return t.comment("root alone can be another user");
  const refused = async (cwd: string, sentence: RegExp) => {
    const server = await started(t, cwd);
    t.equal(server.url, "");
    t.match(server.said(), sentence);
    t.equal(server.lines.length, 1, server.said());
  };
  const theirs = await folder(t);
  await mkdir(join(theirs, ".data"));
  await chown(join(theirs, ".data"), NOBODY, NOBODY);
  await refused(theirs, /\.data belongs to the user with the number 65534/);

  const planted = await folder(t);
  const ours = await folder(t);
  await symlink(ours, join(planted, ".data"));
  await lchown(join(planted, ".data"), NOBODY, NOBODY);
  await refused(planted, /\.data belongs to the user with the number 65534/);
  t.same(await readdir(ours), []);

  const file = await folder(t);
  await writeFile(join(file, ".data"), "");
  await refused(file, /\.data can't be used: /);
});

t.test("what others planted in a folder that was open", async (t) => {
  if (!isRoot) return t.comment("root alone can be another user");
  const plant = async (place: (data: string) => Promise<unknown>) => {
    const cwd = await folder(t);
    await mkdir(join(cwd, ".data/redis"), { recursive: true });
    await place(join(cwd, ".data"));
    return started(t, cwd);
  };
  const ours = await folder(t);
  await chmod(ours, 0o755);
  const link = await plant(async (data) => {
    await symlink(ours, join(data, "postgres"));
    await lchown(join(data, "postgres"), NOBODY, NOBODY);
  });
  t.match(link.said(), /postgres is there and holds no database cluster/);
  t.same(await readdir(ours), []);
  t.match(await lstat(ours), { uid: 0, mode: 0o040755 });

  await writeFile(join(ours, "PG_VERSION"), "18\n");
  const cluster = await plant(async (data) => {
    await symlink(ours, join(data, "postgres"));
    await lchown(join(data, "postgres"), NOBODY, NOBODY);
  });
  t.match(cluster.said(), /postgres belongs to the user with the number 65534/);
  t.match(await lstat(ours), { uid: 0, mode: 0o040755 });

  const file = await plant(async (data) => {
    const path = join(data, "redis/appendonly.aof");
    await writeFile(path, "");
    await chown(path, NOBODY, NOBODY);
  });
  t.match(file.said(), /aof belongs to the user with the number 65534/);

  const original = join(ours, "original");
  await writeFile(original, "root's");
  const second = await plant((data) =>
    hardlink(original, join(data, "redis/redis.log")),
  );
  t.match(second.said(), /redis\.log has a second name elsewhere/);
  t.equal((await lstat(original)).uid, 0);
});

t.test("a link of root's own to another disk is followed", async (t) => {
  const [cwd, disk] = [await folder(t), await folder(t)];
  await symlink(disk, join(cwd, ".data"));
  const server = await started(t, cwd);
  t.equal((await post(`${server.url}/draw`, { username: "ann" })).status, 200);
  t.ok((await readdir(disk)).includes("redis"));
});

t.test("a folder exchanged under it is not talked to", async (t) => {
  const cwd = await folder(t);
  await chmod(cwd, 0o777);
  const server = await started(t, cwd);
  await post(`${server.url}/draw`, { username: "ann" });
  await rename(join(cwd, ".data"), join(cwd, "ours"));
  await mkdir(join(cwd, ".data/redis"), { recursive: true });
  // The connections end: new ones go to the old folder.
  t.same((await storesIn(cwd)).all, [], "none runs in what has its name");
  const path = join(cwd, "ours/redis/redis.sock");
  const redis = new Redis({ path, protocol: 2 });
  await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  redis.disconnect();
  const again = await until("a draw", async () => {
    const answer = await post(`${server.url}/draw`, { username: "ann" });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer;
  });
  t.match(JSON.stringify(again.body), /already participated/);
  t.equal(await server.end("SIGTERM"), 0);
});

t.test("a working folder however deep", async (t) => {
  const cwd = join(await folder(t), ...Array(8).fill("a".repeat(40)));
  await mkdir(cwd, { recursive: true });
  t.ok(cwd.length > 300);
  const server = await started(t, cwd);
  t.equal((await post(`${server.url}/draw`, { username: "ann" })).status, 200);
  const list = await runCommand("prizes", {}, { cwd, args: ["list"] });
  t.match(list, { code: 0, out: /FIVE_DOLLAR/ });
});

t.test("a name with spaces, quotes and letters of other scripts", async (t) => {
  const cwd = join(await folder(t), `it's "a"  $(name) ümläut 抽獎`);
  await mkdir(cwd);
  const server = await started(t, cwd);
  t.equal((await post(`${server.url}/draw`, { username: "ann" })).status, 200);
  const doctor = await runCommand("doctor", {}, { cwd });
  t.equal(doctor.code, 0, doctor.out);
});

t.test("as a user without rights", async (t) => {
  if (!isRoot) return t.comment("the other tests run as one");
  const here = fileURLToPath(new URL("../../../dist/main.js", import.meta.url));
  if (asNobody(`cat ${here}`).status !== 0) {
    return t.comment("this checkout is closed to other users");
  }
  const cwd = await folder(t);
  await chown(cwd, NOBODY, NOBODY);
  const server = await started(t, cwd, { uid: NOBODY });
  t.equal((await post(`${server.url}/draw`, { username: "ann" })).status, 200);
  t.same(await openIn(join(cwd, ".data")), []);
  t.equal((await lstat(join(cwd, ".data/redis"))).uid, NOBODY);
  t.equal(await server.end("SIGTERM"), 0);
});
