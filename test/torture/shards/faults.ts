import { setTimeout as pause } from "node:timers/promises";
import type { ClusterNode, RedisCluster } from "../../support/redis-cluster.js";
import { until } from "../../support/until.js";
import type { Arena, Slot } from "./arena.js";
import { keysOfShard } from "./campaigns.js";

/** Strikes now; `pick` chooses a shard. Returns what heals it. */
export type Fault = (
  arena: Arena,
  slot: Slot,
  pick: number,
) => Promise<() => unknown>;

const nothing = () => {};

/** A master that has a shard, and a replica of it that follows. */
async function pairOf(cluster: RedisCluster, pick: number) {
  const master = await cluster.ownerOf(keysOfShard(pick));
  return until("a replica", async () => {
    const [replica] = await cluster.replicasOf(master);
    const role = await replica?.redis.info("replication");
    if (!replica || !role?.includes("master_link_status:up"))
      throw new Error(role);
    return { master, replica };
  });
}

const promoted = ({ redis }: ClusterNode) =>
  until("a master", async () => {
    const role = await redis.info("replication");
    if (!role.includes("role:master")) throw new Error(role);
  });

const failOver =
  (force?: "FORCE"): Fault =>
  async ({ cluster }, _slot, pick) => {
    const { replica } = await pairOf(cluster, pick);
    await cluster.failOver(replica, force);
    return nothing;
  };

const ofPostgres =
  (end: "kill" | "pause"): Fault =>
  async ({ stores: { postgres } }) => {
    await postgres[end]();
    const begin = end === "pause" ? "resume" : "start";
    return () => until("postgres again", () => postgres[begin](), 20_000);
  };

/** Every kind of fault there is. */
export const FAULTS = {
  "master: kill -9, its replica takes over": async (arena, _slot, pick) => {
    const { master, replica } = await pairOf(arena.cluster, pick);
    await master.kill();
    await promoted(replica);
    return () => arena.startNode(master);
  },
  "master: kill -9, and back at once": async (arena, _slot, pick) => {
    const { master } = await pairOf(arena.cluster, pick);
    await master.kill();
    await arena.startNode(master);
    return nothing;
  },
  "master: SIGSTOP, its replica takes over": async (
    { cluster },
    _slot,
    pick,
  ) => {
    const { master, replica } = await pairOf(cluster, pick);
    master.pause();
    await promoted(replica).finally(() => master.resume());
    return nothing;
  },
  "master: CLUSTER FAILOVER": failOver(),
  "master: CLUSTER FAILOVER FORCE": failOver("FORCE"),
  "shard: its slot moves": async ({ cluster }, _slot, pick) => {
    const { master } = await pairOf(cluster, pick);
    const other = await pairOf(cluster, pick + 1);
    const others =
      other.master.id === master.id ? await pairOf(cluster, pick + 2) : other;
    const slot = await cluster.slotOf(keysOfShard(pick));
    await cluster.moveSlot(slot, others.master, () => pause(200));
    return nothing;
  },
  "server: kill -9": async (_arena, slot) => {
    await slot.kill();
    return slot.start;
  },
  "server: SIGTERM": async ({ mishaps }, slot) => {
    const code = await slot.stop();
    if (code !== 0) mishaps.push(`server ${slot.n} stopped with ${code}`);
    return slot.start;
  },
  "server: cut off from the cluster": async ({ cluster }, { user }) => {
    let going = true;
    const cutting = (async () => {
      while (going) {
        for (const { redis } of cluster.nodes) {
          await redis.client("KILL", "USER", user).catch(nothing);
        }
        await pause(20);
      }
    })();
    return () => {
      going = false;
      return cutting;
    };
  },
  "postgres: kill -9 of the postmaster": ofPostgres("kill"),
  "postgres: SIGSTOP": ofPostgres("pause"),
  "postgres link: half-open": async (_arena, { postgres }) => {
    postgres.silence();
    return () => postgres.restore();
  },
} satisfies Record<string, Fault>;

export type Kind = keyof typeof FAULTS;
