import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { redisProgram } from "../../src/stores/embedded/redis-program.js";
import type { Owner } from "./owner.js";
import { home } from "./temporary-folder.js";
import { until } from "./until.js";

/** A redis-server of a test's own, of whatever kind. */
export type RedisProcess = {
  port: number;
  /** a connection that bypasses cluster and sentinels */
  redis: Redis;
  /** kill -9 */
  kill(): Promise<void>;
  /** SIGSTOP, and SIGCONT */
  pause(): void;
  resume(): void;
  /** once more, after a kill, with the data that it kept */
  start(): Promise<void>;
};

/** Of all that these tests start. */
export const PASSWORD = "of-these-tests";

const COMMON = ["bind 127.0.0.1", "dir .", 'save ""', "loglevel warning"];

/** Below the ports that the system gives to links: a chosen one must stay free until its process has started. */
const LOWEST_PORT = 20_000;
const PORTS = 12_000;

/** A port that nobody listens on. */
export async function ownPort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    const probe = createServer();
    try {
      probe.listen(port, "127.0.0.1");
      await once(probe, "listening");
      return port;
    } catch {
      // Somebody does.
    } finally {
      probe.close();
    }
  }
}

/** Starts a redis-server with these lines as its configuration file; `file` is another one in its folder. It ends with its owner. */
export async function startRedisProcess(
  t: Owner,
  port: number,
  lines: string[],
  { args = [], file }: { args?: string[]; file?: [string, string[]] } = {},
): Promise<RedisProcess> {
  const program = redisProgram(() => {});
  const folder = await mkdtemp(join(home(), "redis-"));
  const text = (lines: string[]) => `${lines.join("\n")}\n`;
  const config = text([`port ${port}`, ...COMMON, ...lines]);
  await writeFile(join(folder, "redis.conf"), config);
  if (file) await writeFile(join(folder, file[0]), text(file[1]));
  let child: ChildProcess;
  const redis = new Redis({
    port,
    password: PASSWORD,
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 50,
  });
  redis.on("error", () => {});
  const start = async () => {
    child = spawn(program, ["redis.conf", ...args], {
      cwd: folder,
      stdio: "ignore",
    });
    await until(`a Redis at ${port}`, () => redis.ping());
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  t.teardown(async () => {
    redis.disconnect();
    await kill();
  });
  await start();
  return {
    port,
    redis,
    kill,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    start,
  };
}
