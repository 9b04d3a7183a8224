import { Cluster, type Redis } from "ioredis";
import type { SeveralHosts } from "../../settings/redis-url.js";
import type { Options } from "./options.js";

const SLOTS = 16_384;

/**
 * How often a refused command is sent again, and after how many milliseconds where another node would refuse it as well: the
 * slot is on its way (TRYAGAIN), or its node does not know whether it may serve (CLUSTERDOWN). In all less than a command
 * may take, so that none is sent after its caller was told that it failed.
 */
const MOST_REDIRECTIONS = 5;
const REDIRECTION_DELAY_MS = 50;

/** How often to look for nodes that were added or replaced, in milliseconds. */
const LOOK_MS = 5_000;

/**
 * A cluster that fails fast: a command that a node refused (MOVED, ASK, TRYAGAIN, CLUSTERDOWN) follows to where it belongs;
 * one that may have been carried out is never sent twice, and none waits for a connection. Emits `owners` where slots have
 * other masters than before.
 */
export class FailFastCluster extends Cluster {
  constructor(
    { hosts, tls, username, password }: SeveralHosts,
    { scripts, ...options }: Options,
  ) {
    super(hosts, {
      scripts,
      lazyConnect: true,
      enableOfflineQueue: false,
      // A node tells by itself that it can't serve, and who asks INFO must be allowed to.
      enableReadyCheck: false,
      maxRedirections: MOST_REDIRECTIONS,
      retryDelayOnTryAgain: REDIRECTION_DELAY_MS,
      retryDelayOnClusterDown: REDIRECTION_DELAY_MS,
      // Not 0 sends what was under way when a connection broke once more.
      retryDelayOnFailover: 0,
      clusterRetryStrategy: (times) => Math.min(50 * times, 500),
      // A certificate is for a name, not for its address.
      dnsLookup: (name, callback) => callback(null, name),
      redisOptions: {
        ...options,
        enableReadyCheck: false,
        ...(tls && { tls: {} }),
        ...(username && { username }),
        ...(password && { password }),
      },
    });
    // Before the first look ioredis (6.0.0) keeps pipelines waiting, unless it seems to know slots.
    this.slots = new Array(SLOTS);
    this.on("+node", (node: Redis) => {
      // ioredis queues for a node that is not connected yet, and connects with its first command.
      node.options.enableOfflineQueue = false;
      node.connect().catch(() => {}); // a later look tries again
    });
    // ioredis's own interval goes on for ever where the client is closed under a look.
    const looking = setInterval(() => {
      if (this.status === "ready") this.refreshSlotsCache();
    }, LOOK_MS).unref();
    this.once("end", () => clearInterval(looking));
    this.#watchOwners();
  }

  /** Connects to the cluster and to its nodes. */
  override async connect(): Promise<void> {
    await super.connect();
    await Promise.all(this.nodes("master").map(settled));
  }

  #watchOwners(): void {
    let before: (string | undefined)[] | undefined;
    this.on("refresh", () => {
      const known = before;
      before = Array.from({ length: SLOTS }, (_, n) => this.slots[n]?.[0]);
      if (known && before.some((it, n) => it !== known[n])) this.emit("owners");
    });
  }
}

/** The client as a cluster, or undefined where there is one Redis. */
export const clusterOf = (redis: Redis): FailFastCluster | undefined =>
  (redis as unknown) instanceof FailFastCluster
    ? (redis as unknown as FailFastCluster)
    : undefined;

/** The Redis that take writes: the masters of a cluster, else the one there is. */
export const mastersOf = (redis: Redis): Redis[] =>
  clusterOf(redis)?.nodes("master") ?? [redis];

/** Resolves when a node is connected, or can't be. */
async function settled(node: Redis): Promise<void> {
  if (node.status === "ready" || node.status === "end") return;
  await new Promise<void>((resolve) => {
    node.once("ready", resolve);
    node.once("end", resolve);
  });
}
