import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Owner } from "./owner.js";
import type { Body } from "./post.js";
import { type ServerProcess, startProcess } from "./server-process.js";
import { until } from "./until.js";
import type { World } from "./world.js";

export type Crew = ServerProcess & {
  /** process ids of those that listen, by number; of the latest where one was replaced */
  pids(): Map<number, number>;
  /** Waits for a worker in the place of the one with this process id, and returns its own. */
  replaced(number: number, pid: number): Promise<number>;
  /** Has one worker alone answer while `work` runs: the others stand still. */
  alone<T>(number: number, work: () => Promise<T>): Promise<T>;
};

/** Starts a server of several workers, and waits until all of them listen. */
export async function startCrew(
  t: Owner,
  world: Pick<World, "databaseUrl" | "redisUrl">,
  workers: number,
  settings: Record<string, string> = {},
): Promise<Crew> {
  const all = { WORKERS: String(workers), ...settings };
  const server = await startProcess(t, world, all);
  const pids = () =>
    new Map(
      server.lines
        .filter((line) => line.includes("listening at"))
        .map((line) => JSON.parse(line))
        .map(({ worker, pid }): [number, number] => [worker, pid]),
    );
  await until("all workers", async () => {
    if (pids().size < workers) throw new Error(`${pids().size}`);
  });

  const replaced = (number: number, pid: number) =>
    until("another worker", async () => {
      const now = pids().get(number) ?? pid;
      if (now === pid) throw new Error(server.lines.join("\n"));
      return now;
    });

  async function alone<T>(number: number, work: () => Promise<T>) {
    const others = [...pids()].flatMap(([n, pid]) => (n === number ? [] : pid));
    for (const pid of others) process.kill(pid, "SIGSTOP");
    try {
      return await work();
    } finally {
      for (const pid of others) process.kill(pid, "SIGCONT");
    }
  }

  return { ...server, pids, replaced, alone };
}

/** A draw on a connection of its own, so that any worker may answer it. */
export async function askAnew(url: string, username?: unknown) {
  const payload = username === undefined ? undefined : { username };
  const { status, body } = await sendAnew(url, payload);
  return { status, body: JSON.parse(body) as Body };
}

/** Nobody waits longer, in milliseconds, however busy the machine. */
const LONGEST_MS = 30_000;

/** The text at a URL, asked for on a connection of its own. */
export const getAnew = async (url: string) => (await sendAnew(url)).body;

function sendAnew(url: string, payload?: object) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const asking = request(url, {
      agent: false,
      signal: AbortSignal.timeout(LONGEST_MS),
      method: payload ? "POST" : "GET",
      headers: { "content-type": "application/json" },
    });
    asking.on("error", reject);
    asking.on("response", (answer) => {
      const status = answer.statusCode ?? 0;
      text(answer).then((body) => resolve({ status, body }), reject);
    });
    asking.end(payload && JSON.stringify(payload));
  });
}

/** Whether a process still runs. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
