import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { SetupError } from "./errors.js";

/** A Redis of this process's own. */
export type EmbeddedRedis = {
  url: string;
  pid: number;
  stop(): Promise<void>;
};

const SETTINGS = "redis.conf";

const NAMES = ["redis-server", "valkey-server"];

const MISSING = `No redis-server or valkey-server was found on the PATH. Install one:
  Debian, Ubuntu   apt-get install -y redis-server
  Fedora, RHEL     dnf install -y valkey
  Alpine           apk add redis
  macOS            brew install redis
or set DATABASE_URL and REDIS_URL.`;

/**
 * Starts a Redis that keeps its data in `folder`, on a port of 127.0.0.1 and behind a password. A later start has the
 * same address where the port is still free.
 */
export async function startRedis(
  folder: string,
  say: (line: string) => void,
): Promise<EmbeddedRedis> {
  const program = findProgram() ?? installProgram(say);
  await mkdir(folder, { recursive: true });
  const before = await readAddress(folder);
  if (before) await stopOrphan(urlOf(before));
  const password = before?.password ?? randomBytes(16).toString("hex");
  const address = { port: await freePort(before?.port), password };
  const path = join(folder, SETTINGS);
  await writeFile(path, settings(folder, address), { mode: 0o600 });
  // Detached: the Ctrl-C that ends the server must not reach Redis before the queues are flushed.
  const child = spawn(program, [path], { detached: true, stdio: "ignore" });
  const exited = new Promise<void>((done) => {
    child.once("exit", () => done());
    child.once("error", () => done());
  });
  const url = urlOf(address);
  if (!(await answers(url, exited))) {
    child.kill("SIGKILL");
    throw new SetupError(
      `${program} did not start: see ${join(folder, "redis.log")}`,
    );
  }
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  return { url, pid: child.pid ?? 0, stop };
}

type Address = { port: number; password: string };

export const urlOf = ({ port, password }: Address) =>
  `redis://:${password}@127.0.0.1:${port}`;

function settings(folder: string, { port, password }: Address): string {
  return `bind 127.0.0.1
port ${port}
requirepass ${password}
dir "${folder}"
logfile "${join(folder, "redis.log")}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
`;
}

function findProgram(): string | undefined {
  return NAMES.find(
    (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
  );
}

/** On Debian and Ubuntu root may install it; elsewhere the user is told how. */
function installProgram(say: (line: string) => void): string {
  const apt = spawnSync("apt-get", ["--version"], { stdio: "ignore" });
  if (process.getuid?.() !== 0 || apt.status !== 0)
    throw new SetupError(MISSING);
  say("No redis-server found: running apt-get install -y redis-server");
  const run = (args: string[]) =>
    spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  const install = ["install", "-y", "-q", "redis-server"];
  if (!run(install)) {
    run(["update", "-q"]);
    run(install);
  }
  const program = findProgram();
  if (!program) throw new SetupError(MISSING);
  return program;
}

/** The address that an earlier start wrote into its settings in `folder`; undefined where there was none. */
export async function readAddress(
  folder: string,
): Promise<Address | undefined> {
  const text = await readFile(join(folder, SETTINGS), "utf8").catch(() => "");
  const port = /^port (\d+)$/m.exec(text)?.[1];
  const password = /^requirepass (\S+)$/m.exec(text)?.[1];
  return port && password ? { port: Number(port), password } : undefined;
}

/** Ends a Redis that an earlier process started here and did not live to stop. Only that one has this password. */
async function stopOrphan(url: string): Promise<void> {
  const redis = connect(url);
  try {
    await redis.connect();
    await redis.shutdown().catch(() => {});
    while (
      await redis.connect().then(
        () => true,
        () => false,
      )
    ) {
      redis.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch {
    // Nothing of ours is there any more.
  } finally {
    redis.disconnect();
  }
}

async function answers(url: string, exited: Promise<void>): Promise<boolean> {
  let alive = true;
  exited.then(() => {
    alive = false;
  });
  while (alive) {
    const redis = connect(url);
    try {
      await redis.connect();
      await redis.ping(); // waits out the loading of the append-only file
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      redis.disconnect();
    }
  }
  return false;
}

function connect(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    protocol: 2,
  });
  redis.on("error", () => {});
  return redis;
}

/** A port of 127.0.0.1 that nothing listens on: the preferred one, or any. */
export async function freePort(preferred = 0): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(preferred, "127.0.0.1");
    await once(probe, "listening");
    return (probe.address() as AddressInfo).port;
  } catch (error) {
    if (preferred === 0) throw error;
    return freePort();
  } finally {
    probe.close();
  }
}
