import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { Test } from "tap";
import {
  GenericContainer,
  getContainerRuntimeClient,
  Wait,
} from "testcontainers";
import {
  freeAddress,
  freePort,
  startRedis,
} from "../../src/stores/embedded/redis.js";
import { createProxy } from "./link.js";
import { home } from "./temporary-folder.js";
import { until } from "./until.js";

/** One of two Redis. */
export type Node = {
  url: string;
  redis: Redis;
  /** kill -9 */
  kill(): Promise<void>;
};

export type Replicated = {
  primary: Node;
  replica: Node;
  /**
   * The link between the two goes silent: what was written before is on the replica, nothing later will be, and both
   * still take the link for a good one.
   */
  lag(): Promise<void>;
  /** Makes the replica a primary with what it has. */
  promote(): Promise<void>;
};

/** A Redis and a replica of it that has caught up, both of a test's own. They end with it. */
export async function startReplicated(t: Test): Promise<Replicated> {
  const [primary, other] = await Promise.all([startNode(t), startNode(t)]);
  const replica = withPassword(other, new URL(primary.url).password);
  const [leading, following] = [connect(t, primary), connect(t, other)];
  const link = await createProxy(t, primary.url);
  // A primary waits five seconds for more replicas before it sends its data to the first.
  await leading.config("SET", "repl-diskless-sync-delay", "0");
  await follow(following, link.url);
  const caughtUp = async () => {
    await leading.set("a write", "to wait for");
    const replicas = await leading.wait(1, 1_000);
    if (replicas !== 1) throw new Error("the replica is behind");
  };
  await until("a replica that follows", caughtUp);
  return {
    primary: { ...primary, redis: leading },
    replica: { ...replica, redis: following },
    lag: async () => {
      await caughtUp();
      link.silence();
    },
    promote: async () => {
      await following.replicaof("NO", "ONE");
    },
  };
}

type Started = Omit<Node, "redis">;

async function startNode(t: Test): Promise<Started> {
  const contained = process.env.TEST_STORES === "containers";
  const node = await (contained ? container() : embedded(t));
  // Not stopped: a primary's stop waits for a replica that lags.
  t.teardown(node.kill);
  return node;
}

async function embedded(t: Test): Promise<Started> {
  const folder = join(await mkdtemp(join(home(), "node-")), "redis");
  const say = (line: string) => t.comment(line);
  const { url, pid, stop } = await startRedis(folder, say, await freeAddress());
  let alive = true;
  const kill = async () => {
    if (alive) process.kill(pid, "SIGKILL");
    alive = false;
    await stop(); // waits for its end
  };
  return { url, kill };
}

/** In the host's network, so that the replica reaches the proxy. */
async function container(): Promise<Started> {
  const port = await freePort();
  const address = ["--port", String(port), "--bind", "127.0.0.1"];
  const started = await new GenericContainer(
    process.env.REDIS_IMAGE ?? "redis:8",
  )
    .withNetworkMode("host")
    .withCommand([...address, "--appendonly", "yes"])
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  const client = await getContainerRuntimeClient();
  const handle = client.container.getById(started.getId());
  let alive = true;
  const kill = async () => {
    if (alive) await handle.remove({ force: true }); // by SIGKILL
    alive = false;
  };
  return { url: `redis://127.0.0.1:${port}`, kill };
}

function connect(t: Test, { url }: Started): Redis {
  const redis = new Redis(url, { protocol: 2 });
  redis.on("error", () => {});
  t.teardown(() => redis.disconnect());
  return redis;
}

/** Servers know one password: the replica takes the primary's. */
function withPassword(node: Started, password: string): Started {
  const url = new URL(node.url);
  url.password = password;
  return { ...node, url: url.href };
}

async function follow(replica: Redis, primaryUrl: string): Promise<void> {
  const { hostname, port, password } = new URL(primaryUrl);
  if (password) {
    await replica.config("SET", "requirepass", password);
    await replica.config("SET", "masterauth", password);
  }
  await replica.replicaof(hostname, port);
}
