import { Redis } from "ioredis";
import { keys } from "../../src/stores/keys.js";
import type { Owner } from "../support/owner.js";
import { startRedisStore } from "../support/stores.js";
import { until } from "../support/until.js";
import type { World } from "../support/world.js";

/** A second Redis that may follow the first, fall behind, and hand it what it has. */
export type Standby = {
  /** Takes over all data of the first, and follows it no further. */
  fallBehind(): Promise<void>;
  /**
   * The first forgets what it has for what the standby has, on the connections that there are. `last` is handed what it
   * had taken of each prize at its last moment.
   */
  takeOver(last: (taken: Record<string, string>) => void): Promise<void>;
};

export async function startStandby(t: Owner, world: World): Promise<Standby> {
  const store = await startRedisStore();
  const standby = new Redis(store.url, { protocol: 2 });
  standby.on("error", () => {});
  t.teardown(async () => {
    standby.disconnect();
    await store.close();
  });
  const { redis } = world;
  const [first, second] = [new URL(world.redisUrl), new URL(store.url)];

  /** Has one take over the other's data, once. */
  async function copy(
    to: Redis,
    from: Redis,
    at: URL,
    last: (taken: Record<string, string>) => void,
  ): Promise<void> {
    // A primary waits five seconds for more replicas before it sends its data to the first.
    await from.config("SET", "repl-diskless-sync-delay", "0");
    await to.config("SET", "masterauth", at.password);
    try {
      // One after the other on one connection: nothing is written in between, and nothing has been forgotten yet.
      const [, taken] = await Promise.all([
        to.replicaof(at.hostname, at.port),
        to.hgetall(keys.taken),
      ]);
      last(taken);
      await until("a replica that follows", async () => {
        const info = await to.info("replication");
        if (!info.includes("master_link_status:up")) throw new Error(info);
      });
    } finally {
      await to.replicaof("NO", "ONE");
    }
  }

  return {
    fallBehind: () => copy(standby, redis, first, () => {}),
    // Another fault may have taken it away meanwhile.
    takeOver: (last) =>
      until("its data", () => copy(redis, standby, second, last), 20_000),
  };
}
