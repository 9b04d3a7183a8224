import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { GenericContainer, getContainerRuntimeClient } from "testcontainers";
import { findWay } from "../../src/stores/database/primary.js";
import { startPostgres } from "../../src/stores/embedded/postgres.js";
import {
  type Address,
  freeAddress,
  freePort,
  startRedis,
} from "../../src/stores/embedded/redis.js";
import { createOwner } from "./owner.js";
import { startCluster } from "./redis-cluster.js";
import { startSentinels } from "./redis-sentinel.js";
import { home, processesIn } from "./temporary-folder.js";
import { until } from "./until.js";

/** Where the stores of a run come from: named by the caller, a Docker engine, or processes of our own. */
export type Kind = "given" | "containers" | "embedded";

/** A store that a test may end and start again at the same address, with the same data. */
export type Store = {
  url: string;
  stop(): Promise<void>;
  /** kill -9 of redis-server or of the postgres postmaster. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** SIGSTOP for all its processes, and SIGCONT. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it for good and removes its data. */
  close(): Promise<void>;
};

export type Pair = {
  kind: Kind;
  databaseUrl: string;
  redisUrl: string;
  close(): Promise<void>;
};

const IMAGES = {
  redis: process.env.REDIS_IMAGE ?? "redis:8",
  postgres: "postgres:17",
};

/** The pair of stores that the tests of one run share. */
export async function startPair(): Promise<Pair> {
  const { DATABASE_URL, REDIS_URL } = process.env;
  if (DATABASE_URL && REDIS_URL) {
    const close = async () => {};
    const kind = "given";
    // Of several hosts the tests know the one that takes writes.
    const { url } = await findWay(DATABASE_URL);
    return { kind, databaseUrl: url, redisUrl: REDIS_URL, close };
  }
  const kind: Kind = (await hasDocker()) ? "containers" : "embedded";
  const { redis, postgres, close } = await startStores(kind);
  const pair = { kind, databaseUrl: postgres.url, redisUrl: redis.url, close };
  const asked = process.env.TEST_REDIS;
  return asked ? withRedis(asked, pair) : pair;
}

/** How many worlds there may be at once where each has a cluster: one has no numbered databases. */
const CLUSTERS = 3;

/** The same pair, with clusters or with a Redis behind sentinels: `TEST_REDIS=cluster|sentinel`. */
async function withRedis(asked: string, pair: Pair): Promise<Pair> {
  const owner = createOwner();
  const close = async () => {
    await owner.end();
    await pair.close();
  };
  if (asked === "sentinel") {
    const { url } = await startSentinels(owner);
    return { ...pair, redisUrl: url, close };
  }
  if (asked !== "cluster") {
    throw new Error(`TEST_REDIS is cluster or sentinel, not ${asked}`);
  }
  const clusters = await Promise.all(
    Array.from({ length: CLUSTERS }, () => startCluster(owner)),
  );
  // Which world has which of them is noted in the Redis of the pair.
  const urls = clusters.map(({ url }) => url);
  process.env.TEST_CLUSTERS = JSON.stringify(urls);
  return { ...pair, close };
}

/** A pair of a test's own, to stop and start. Where the shared one was given by URL it is embedded. */
export async function startStores(kind = process.env.TEST_STORES as Kind) {
  const contained = kind === "containers";
  const [redis, postgres] = await Promise.all([
    startRedisStore(kind),
    contained ? postgresContainer() : embedded("postgres", startPostgres),
  ]);
  const close = async () => {
    await Promise.all([redis.close(), postgres.close()]);
  };
  return { redis, postgres, close };
}

/** A Redis of a test's own. */
export const startRedisStore = (kind = process.env.TEST_STORES as Kind) =>
  kind === "containers" ? redisContainer() : embedded("redis", startRedis);

async function hasDocker(): Promise<boolean> {
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

async function embedded(
  name: string,
  launch: (
    folder: string,
    say: (line: string) => void,
    address: Address,
  ) => Promise<{ url: string; stop(): Promise<void> }>,
): Promise<Store> {
  const folder = join(await mkdtemp(join(home(), "store-")), name);
  const say = (line: string) => console.log(`# ${line}`);
  const address = await freeAddress();
  let running = await launch(folder, say, address);
  const signal = async (name: NodeJS.Signals) => {
    for (const pid of await processesIn(folder)) signalTo(pid, name);
  };
  return {
    url: running.url,
    stop: () => running.stop(),
    kill: async () => {
      const pids = await processesIn(folder);
      signalTo((await postmaster(folder)) ?? pids[0] ?? 0, "SIGKILL");
      // The other processes of PostgreSQL see their postmaster's end by themselves.
      await until("its end", async () => {
        const left = await processesIn(folder);
        if (left.length > 0) throw new Error(`${left} still run`);
      });
    },
    start: async () => {
      running = await launch(folder, say, address);
    },
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    close: async () => {
      await signal("SIGCONT");
      await running.stop().catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function postmaster(folder: string): Promise<number | undefined> {
  const path = join(folder, "postmaster.pid");
  const text = await readFile(path, "utf8").catch(() => "");
  return Number(text.split("\n")[0]) || undefined;
}

/** To a process of ours that may just have ended. */
function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, signal);
  } catch {
    // gone
  }
}

async function redisContainer(): Promise<Store> {
  const port = await freePort();
  const container = new GenericContainer(IMAGES.redis)
    .withCommand(["--appendonly", "yes"])
    .withExposedPorts({ container: 6379, host: port });
  return contained(container, `redis://127.0.0.1:${port}`);
}

async function postgresContainer(): Promise<Store> {
  const port = await freePort();
  const container = new GenericContainer(IMAGES.postgres)
    .withEnvironment({ POSTGRES_PASSWORD: "test" })
    .withExposedPorts({ container: 5432, host: port });
  const url = `postgres://postgres:test@127.0.0.1:${port}/postgres`;
  return contained(container, url);
}

async function contained(
  definition: GenericContainer,
  url: string,
): Promise<Store> {
  const container = await definition.start();
  const client = await getContainerRuntimeClient();
  const handle = client.container.getById(container.getId());
  return {
    url,
    stop: () => client.container.stop(handle, { timeout: 5 }),
    kill: async () => {
      await handle.kill({ signal: "SIGKILL" });
      await handle.wait();
    },
    start: () => client.container.start(handle),
    pause: () => handle.pause(),
    resume: () => handle.unpause(),
    close: async () => {
      await container.stop({ remove: true, timeout: 1 });
    },
  };
}
