import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GenericContainer, getContainerRuntimeClient } from "testcontainers";
import { startPostgres } from "../src/embedded-postgres.js";
import { freePort, startRedis } from "../src/embedded-redis.js";

/** Where the stores of a run come from: named by the caller, a Docker engine, or processes of our own. */
export type Kind = "given" | "containers" | "embedded";

/** A store that a test may stop and start again at the same address, with the same data. */
export type Store = {
  url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good and removes its data. */
  close(): Promise<void>;
};

export type Pair = {
  kind: Kind;
  databaseUrl: string;
  redisUrl: string;
  close(): Promise<void>;
};

/** The pair of stores that the tests of one run share. */
export async function startPair(): Promise<Pair> {
  const { DATABASE_URL, REDIS_URL } = process.env;
  if (DATABASE_URL && REDIS_URL) {
    const close = async () => {};
    const kind = "given";
    return { kind, databaseUrl: DATABASE_URL, redisUrl: REDIS_URL, close };
  }
  const kind = (await hasDocker()) ? "containers" : "embedded";
  const { redis, postgres, close } = await startStores(kind);
  return { kind, databaseUrl: postgres.url, redisUrl: redis.url, close };
}

/** A pair of a test's own, to stop and start. Where the shared one was given by URL it is embedded. */
export async function startStores(kind = process.env.TEST_STORES as Kind) {
  const contained = kind === "containers";
  const [redis, postgres] = await Promise.all([
    contained ? redisContainer() : embedded("redis", startRedis),
    contained ? postgresContainer() : embedded("postgres", startPostgres),
  ]);
  const close = async () => {
    await Promise.all([redis.close(), postgres.close()]);
  };
  return { redis, postgres, close };
}

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
  ) => Promise<{ url: string; stop(): Promise<void> }>,
): Promise<Store> {
  const home = await mkdtemp(join(tmpdir(), "lucky-draw-"));
  const say = (line: string) => console.log(`# ${line}`);
  let running = await launch(join(home, name), say);
  return {
    url: running.url,
    stop: () => running.stop(),
    start: async () => {
      running = await launch(join(home, name), say);
    },
    close: async () => {
      await running.stop().catch(() => {});
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function redisContainer(): Promise<Store> {
  const port = await freePort();
  const container = new GenericContainer("redis:8")
    .withCommand(["--appendonly", "yes"])
    .withExposedPorts({ container: 6379, host: port });
  return contained(container, `redis://127.0.0.1:${port}`);
}

async function postgresContainer(): Promise<Store> {
  const port = await freePort();
  const container = new GenericContainer("postgres:17")
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
    start: () => client.container.start(handle),
    close: async () => {
      await container.stop({ remove: true, timeout: 1 });
    },
  };
}
