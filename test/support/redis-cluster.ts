import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { Owner } from "./owner.js";
import {
  ownPort,
  PASSWORD,
  type RedisProcess,
  startRedisProcess,
} from "./redis-process.js";
import { until } from "./until.js";

/** A node of a cluster. */
export type ClusterNode = RedisProcess & { id: string };

export type RedisCluster = {
  /** of all masters */
  url: string;
  nodes: ClusterNode[];
  /** The slot of a key. */
  slotOf(key: string): Promise<number>;
  /** The master that has a key, and its replicas. */
  ownerOf(key: string): Promise<ClusterNode>;
  replicasOf(master: ClusterNode): Promise<ClusterNode[]>;
  /** Makes a replica the master by agreement, or, with its master gone, without. */
  failOver(replica: ClusterNode, force?: "FORCE" | "TAKEOVER"): Promise<void>;
  /** Moves a slot with its keys to another master; `middle` is done when some of them are there. */
  moveSlot(
    slot: number,
    to: ClusterNode,
    middle?: () => Promise<unknown>,
  ): Promise<void>;
};

const SLOTS = 16_384;
const MASTERS = 3;

/** After this time a silent node counts as failed, in milliseconds. */
const NODE_TIMEOUT_MS = 1_000;

/**
 * Three masters, each with so many replicas, of the test's own. They know each other from the start, by the file that a node
 * keeps of its cluster: a meeting would take seconds.
 */
export async function startCluster(
  t: Owner,
  { replicas = 0 } = {},
): Promise<RedisCluster> {
  const planned: Planned[] = [];
  for (let n = 0; n < MASTERS * (1 + replicas); n += 1) {
    const [port, bus] = [await ownPort(), await ownPort()];
    const id = randomBytes(20).toString("hex");
    planned.push({ id, port, bus, of: planned[n % MASTERS]?.id });
  }
  const nodes = await Promise.all(
    planned.map(async ({ id, port, bus }) => {
      const lines = [...CLUSTERED, `cluster-port ${bus}`];
      const file: [string, string[]] = ["nodes.conf", know(planned, id)];
      return { id, ...(await startRedisProcess(t, port, lines, { file })) };
    }),
  );
  await until("a cluster", async () => {
    for (const { redis } of nodes) {
      const info = String(await redis.cluster("INFO"));
      if (!info.includes("cluster_state:ok")) throw new Error(info);
      const role = await redis.info("replication");
      if (/master_link_status:down/.test(role)) throw new Error(role);
    }
  });
  const byId = (id: string) => nodes.find((it) => it.id === id) as ClusterNode;
  const listed = async () => {
    const text = await askAny(nodes, (redis) => redis.cluster("NODES"));
    return String(text)
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
  };
  const slotOf = async (key: string) =>
    Number(await askAny(nodes, (redis) => redis.cluster("KEYSLOT", key)));

  async function ownerOf(key: string): Promise<ClusterNode> {
    const slot = await slotOf(key);
    for (const [id = "", , flags = "", ...rest] of await listed()) {
      const ranges = rest.slice(5).map((range) => range.split("-").map(Number));
      const has = ([from = 0, to = from]: number[]) =>
        slot >= from && slot <= to;
      if (flags.includes("master") && ranges.some(has)) return byId(id);
    }
    throw new Error(`nobody has slot ${slot}`);
  }

  async function replicasOf({ id: master }: ClusterNode) {
    const lines = await listed();
    const own = lines.filter(
      ([, , flags, of]) => flags?.includes("slave") && of === master,
    );
    return own.map(([id = ""]) => byId(id));
  }

  async function failOver(replica: ClusterNode, force?: string) {
    const how = force === undefined ? [] : [force];
    await replica.redis.call("CLUSTER", "FAILOVER", ...how);
    await until("a failover", async () => {
      const role = await replica.redis.info("replication");
      if (!role.includes("role:master")) throw new Error(role);
    });
  }

  async function moveSlot(
    slot: number,
    to: ClusterNode,
    middle: () => Promise<unknown> = async () => {},
  ) {
    const set = (node: ClusterNode, ...how: string[]) =>
      node.redis.call("CLUSTER", "SETSLOT", slot, ...how);
    const lines = await listed();
    const from = byId(
      lines.find(([, , flags, , , , , , ...ranges]) => {
        const has = (range: string) => {
          const [first = 0, last = first] = range.split("-").map(Number);
          return slot >= first && slot <= last;
        };
        return flags?.includes("master") && ranges.some(has);
      })?.[0] ?? "",
    );
    await set(to, "IMPORTING", from.id);
    await set(from, "MIGRATING", to.id);
    let isMiddle = true;
    for (;;) {
      const names = (await from.redis.call(
        "CLUSTER",
        "GETKEYSINSLOT",
        slot,
        isMiddle ? 1 : 100,
      )) as string[];
      if (names.length === 0) break;
      const how = ["AUTH", PASSWORD, "KEYS", ...names];
      await from.redis.call(
        "MIGRATE",
        ...["127.0.0.1", to.port, "", 0, 5_000],
        ...how,
      );
      if (isMiddle) await middle();
      isMiddle = false;
    }
    for (const node of [to, from]) await set(node, "NODE", to.id);
  }

  const hosts = nodes.slice(0, MASTERS).map(({ port }) => `127.0.0.1:${port}`);
  return {
    url: `redis+cluster://:${PASSWORD}@${hosts.join(",")}`,
    nodes,
    slotOf,
    ownerOf,
    replicasOf,
    failOver,
    moveSlot,
  };
}

type Planned = {
  id: string;
  port: number;
  bus: number;
  of: string | undefined;
};

const CLUSTERED = [
  `requirepass ${PASSWORD}`,
  `masterauth ${PASSWORD}`,
  "cluster-enabled yes",
  "cluster-config-file nodes.conf",
  `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
  "cluster-replica-validity-factor 0",
  "repl-diskless-sync-delay 0",
  "appendonly yes",
  "appendfsync everysec",
  "maxmemory-policy noeviction",
];

/** What a node knows of its cluster, as it would have written it. */
function know(planned: Planned[], me: string): string[] {
  const each = Math.ceil(SLOTS / MASTERS);
  const lines = planned.map(({ id, port, bus, of }, n) => {
    const range = `${n * each}-${Math.min((n + 1) * each, SLOTS) - 1}`;
    const flags = `${id === me ? "myself," : ""}${of ? "slave" : "master"}`;
    const epoch = (n % MASTERS) + 1;
    const head = `${id} 127.0.0.1:${port}@${bus} ${flags} ${of ?? "-"}`;
    return `${head} 0 0 ${epoch} connected${of ? "" : ` ${range}`}`;
  });
  return [...lines, `vars currentEpoch ${MASTERS} lastVoteEpoch 0`];
}

/** Asks a node that answers. */
async function askAny<T>(
  nodes: ClusterNode[],
  ask: (redis: Redis) => Promise<T>,
): Promise<T> {
  let failure: unknown;
  for (const { redis } of nodes) {
    if (redis.status !== "ready") continue;
    try {
      return await ask(redis);
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new Error("no node answers");
}
