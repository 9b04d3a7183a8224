import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Test } from "tap";
import { processesIn } from "../../src/stores/embedded/find.js";
import { commandOf } from "./server-process.js";
import { guardFolder } from "./temporary-folder.js";
import { until } from "./until.js";

const [env, command] = commandOf();

/** `npm start` without DATABASE_URL and REDIS_URL, in a folder of the test's own. It ends with the test. */
export async function start(
  t: Test,
  cwd: string,
  {
    umask = "022",
    uid = process.getuid?.() ?? 0,
    ...settings
  }: { umask?: string; uid?: number; [setting: string]: unknown } = {},
) {
  const mask = `umask ${umask}; exec "$@"`;
  const child = spawn("/bin/sh", ["-c", mask, "sh", env, ...command], {
    cwd,
    uid,
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      ...settings,
    } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return (await exited)[0];
  };
  const lines: string[] = [];
  const heard = new Promise<string | undefined>((resolve) => {
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
  const said = () => lines.join("\n");
  return { pid: child.pid ?? 0, heard, lines, said, end, exited };
}

/** The same, once it listens; with an empty address where it ended instead. */
export async function started(...args: Parameters<typeof start>) {
  const server = await start(...args);
  return { ...server, url: (await server.heard) ?? "" };
}

/** A folder that ends with the test, and what still runs in it, whatever happens. */
export async function folder(t: Test): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "lucky-draw-embedded-"));
  guardFolder(made);
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}

export type Running = { pid: number; parent: number };

/** The processes of the stores that keep their data in `.data` of a folder. */
export async function storesIn(cwd: string) {
  const of = (name: string, programs: string[]): Promise<Running[]> =>
    processesIn(join(cwd, ".data", name), programs).catch(() => []);
  const redis = await of("redis", ["redis-server", "valkey-server"]);
  const postgres = await of("postgres", ["postgres"]);
  const pids = postgres.map(({ pid }) => pid);
  const postmaster = postgres.find(({ parent }) => !pids.includes(parent));
  return {
    redis: redis[0]?.pid,
    postmaster: postmaster?.pid,
    all: [...redis, ...postgres].map(({ pid }) => pid),
  };
}

/** Waits until no store runs in a folder. */
export const ended = (cwd: string) =>
  until("the end of the stores", async () => {
    const { all } = await storesIn(cwd);
    if (all.length > 0) throw new Error(`${all} still run`);
  });

/** As a crash of the machine ends them: some end while the others are being told. */
export async function killStores(cwd: string): Promise<void> {
  for (const pid of (await storesIn(cwd)).all) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
  await ended(cwd);
}

/** Ends a server in such a way that nothing of it can end its stores: what watches it goes first. */
export async function abandon(
  cwd: string,
  server: { end(signal: NodeJS.Signals): Promise<unknown> },
): Promise<void> {
  for (const { pid } of await processesIn(join(cwd, ".data"), ["sh"])) {
    process.kill(pid, "SIGKILL");
  }
  await server.end("SIGKILL");
}
