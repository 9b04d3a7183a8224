import { randomBytes } from "node:crypto";
import { createProxy, type Link } from "../../support/link.js";
import { noonZone } from "../../support/noon-zone.js";
import type { Owner } from "../../support/owner.js";
import {
  type ClusterNode,
  type RedisCluster,
  startCluster,
} from "../../support/redis-cluster.js";
import { startStores } from "../../support/stores.js";
import { ownWorld, type World } from "../../support/world.js";
import { openSeat, type Seat } from "../seat.js";

/** A server with a user of its own at every node, so that its connections can be cut, and a link of its own to Postgres. */
export type Slot = Seat & { user: string; postgres: Link };

export type Arena = {
  world: World;
  stores: Awaited<ReturnType<typeof startStores>>;
  cluster: RedisCluster;
  slots: Slot[];
  /** of the servers: it is about noon */
  zone: string;
  /** lines that servers logged as errors, and ends that nobody asked for */
  mishaps: string[];
  /** Starts a node that was killed: it knows the servers again. */
  startNode(node: ClusterNode): Promise<void>;
};

const SERVERS = 3;

/** Three servers on three masters with a replica each. */
export async function openArena(t: Owner): Promise<Arena> {
  const stores = await startStores("embedded");
  t.teardown(() => stores.close());
  const cluster = await startCluster(t, { replicas: 1 });
  const redis = { url: cluster.url };
  const world = ownWorld(t, { postgres: stores.postgres, redis });
  const password = randomBytes(8).toString("hex");
  const users = Array.from({ length: SERVERS }, (_, n) => `server-${n}`);
  const welcome = async ({ redis }: ClusterNode) => {
    for (const user of users) {
      const rights = ["on", `>${password}`, "~*", "&*", "+@all"];
      await redis.call("ACL", "SETUSER", user, ...rights);
    }
  };
  for (const node of cluster.nodes) await welcome(node);
  const mishaps: string[] = [];
  const zone = noonZone(new Date());
  const slots: Slot[] = [];
  for (const [n, user] of users.entries()) {
    const postgres = await createProxy(t, world.databaseUrl);
    const redisUrl = cluster.url.replace("//:", `//${user}:`);
    const url = new URL(redisUrl.replace(/,[^/]*/, ""));
    const urls = {
      databaseUrl: postgres.url,
      redisUrl: redisUrl.replace(`:${url.password}@`, `:${password}@`),
    };
    const read = (lines: string[]) => {
      for (const line of lines)
        if (JSON.parse(line).level >= 50) mishaps.push(line);
    };
    const seat = await openSeat(t, { n, urls, mishaps, read, zone });
    slots.push(Object.assign(seat, { user, postgres }));
  }
  const startNode = async (node: ClusterNode) => {
    await node.start();
    await welcome(node);
  };
  return { world, stores, cluster, slots, zone, mishaps, startNode };
}
