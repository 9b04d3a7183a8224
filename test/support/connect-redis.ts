import { Cluster, Redis } from "ioredis";
import { readSeveralHosts } from "../../src/settings/redis-url.js";
import { redisAddress } from "../../src/stores/socket-url.js";

/** A connection of a test's own to whatever a REDIS_URL names. It waits for a Redis that is away. */
export function connectRedis(url: string): Redis {
  const several = readSeveralHosts(url);
  if (typeof several === "string") throw new Error(several);
  const redis =
    several === undefined
      ? new Redis(redisAddress(url), { protocol: 2 })
      : several.kind === "cluster"
        ? (new WholeCluster(several.hosts, {
            redisOptions: { protocol: 2, ...userOf(several) },
          }) as unknown as Redis)
        : new Redis({
            protocol: 2,
            sentinels: several.hosts,
            name: several.name,
            db: several.db,
            ...userOf(several),
            sentinelPassword: several.sentinelPassword ?? "",
          });
  redis.on("error", () => {});
  return redis;
}

const userOf = ({
  username,
  password,
}: {
  username: string | undefined;
  password: string | undefined;
}) => ({ ...(username && { username }), ...(password && { password }) });

/** A cluster on which what concerns all keys concerns those of all masters. */
class WholeCluster extends Cluster {
  override async flushdb(): Promise<"OK"> {
    await this.#all((node) => node.flushdb());
    return "OK";
  }

  override async flushall(): Promise<"OK"> {
    await this.#all((node) => node.flushall());
    return "OK";
  }

  override async keys(pattern: string): Promise<string[]> {
    return (await this.#all((node) => node.keys(pattern))).flat();
  }

  async #all<T>(ask: (node: Redis) => Promise<T>): Promise<T[]> {
    await this.ping(); // once it is connected
    return Promise.all(this.nodes("master").map(ask));
  }
}
