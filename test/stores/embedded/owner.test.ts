import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { birthOf } from "../../../src/stores/embedded/find.js";
import { own, ownerOf } from "../../../src/stores/embedded/owner.js";
import { storesUser } from "../../../src/stores/embedded/user.js";
import {
  abandon,
  folder,
  killStores,
  started,
} from "../../support/npm-start.js";
import { post } from "../../support/post.js";
import { home } from "../../support/temporary-folder.js";

// Who has a folder, and what a number of a process proves: nothing, once its process has ended.

/** A process of somebody else, which has the number that one of ours had. */
async function stranger(t: Test, cwd: string, uid = process.getuid?.() ?? 0) {
  const node = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
  const child = spawn("/usr/bin/env", ["-u", "NODE_OPTIONS", ...node], {
    cwd,
    uid,
    stdio: "ignore",
  });
  await once(child, "spawn");
  t.teardown(() => child.kill("SIGKILL"));
  return child;
}

const isAlive = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode === null && signalCode === null;

const fresh = () => mkdtemp(join(home(), "owner-"));

/** The number of a process that has ended. */
async function gone(): Promise<number> {
  const child = spawn("/bin/sh", ["-c", "exit"]);
  await once(child, "exit");
  return child.pid ?? 0;
}

t.test("of many that come at once one owns the folder", async (t) => {
  const pid = await gone();
  const left = [
    undefined,
    "",
    "no number",
    String(pid),
    `${pid}\n${birthOf(process.pid)}\nid\n`,
  ];
  for (let round = 0; round < 60; round++) {
    const path = await fresh();
    const before = left[round % left.length];
    if (before !== undefined) await writeFile(join(path, "owner"), before);
    const came = await Promise.allSettled(
      Array.from({ length: 12 }, () => own(path, "it")),
    );
    const owners = came.filter((one) => one.status === "fulfilled");
    t.equal(owners.length, 1, `after ${JSON.stringify(before)}`);
    for (const one of came) {
      if (one.status === "rejected") {
        t.match(one.reason.message, /^it is in use by process \d+: /);
      }
    }
    t.same(await readdir(path), ["owner"]);
    t.equal(await ownerOf(path), process.pid);
    for (const one of owners) await one.value();
    t.same(await readdir(path), []);
    t.equal(await ownerOf(path), undefined);
  }
});

t.test("heirs that ended in the middle are passed over", async (t) => {
  const path = await fresh();
  const pid = await gone();
  const dead = (id: string) => `${pid}\nits birth\n${id}\n`;
  await writeFile(join(path, "owner"), dead("first"));
  // Killed between the claim and the taking, twice.
  const heirOf = (text: string) =>
    `owner.${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
  await writeFile(join(path, heirOf(dead("first"))), dead("second"));
  await writeFile(join(path, heirOf(dead("second"))), dead("third"));
  await writeFile(join(path, "draft.somebody"), dead("fourth"));
  const release = await own(path, "it");
  t.same(await readdir(path), ["owner"]);
  await t.rejects(own(path, "it"), /^it is in use by process \d+/);
  // A live heir who has not taken it yet.
  const other = await fresh();
  const mine = await readFile(join(path, "owner"), "utf8");
  await writeFile(join(other, "owner"), dead("first"));
  await writeFile(join(other, heirOf(dead("first"))), mine);
  await t.rejects(own(other, "it"), {
    message: `it is in use by process ${process.pid}`,
  });
  await release();
});

t.test("a number that is another process's by now owns nothing", async (t) => {
  const cwd = await folder(t);
  const first = await started(t, cwd);
  await abandon(cwd, first);
  // Of another product, or another copy of this one.
  const elsewhere = await folder(t);
  await mkdir(join(elsewhere, ".data"));
  const child = await stranger(t, elsewhere);
  const owner = join(cwd, ".data/owner");
  const [, ...rest] = (await readFile(owner, "utf8")).split("\n");
  // As this revision wrote it, and as the one before.
  for (const text of [[child.pid, ...rest].join("\n"), String(child.pid)]) {
    await writeFile(owner, text);
    const server = await started(t, cwd);
    t.not(server.url, "", server.said());
    await server.end("SIGTERM");
    t.ok(isAlive(child));
  }
});

t.test("a server of the revision before is not disturbed", async (t) => {
  const cwd = await folder(t);
  await (await started(t, cwd)).end("SIGTERM");
  const child = await stranger(t, cwd);
  await writeFile(join(cwd, ".data/owner"), String(child.pid));
  const server = await started(t, cwd);
  t.equal(server.url, "");
  t.match(server.said(), `is in use by process ${child.pid}`);
});

t.test("PostgreSQL's number may be another's, too", async (t) => {
  const cwd = await folder(t);
  const first = await started(t, cwd);
  await abandon(cwd, first);
  await killStores(cwd);
  const user = await storesUser(() => {});
  const child = await stranger(t, "/", user?.uid);
  const data = join(cwd, ".data/postgres");
  for (const name of ["postmaster.pid", ".s.PGSQL.5432.lock"]) {
    const path = join(data, name);
    const [, ...rest] = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, [child.pid, ...rest].join("\n"));
  }
  const server = await started(t, cwd);
  t.not(server.url, "", server.said());
  t.equal((await post(`${server.url}/draw`, { username: "ann" })).status, 200);
  t.ok(isAlive(child), "and it is not sent a signal");
});
