import type { Owner } from "./owner.js";
import {
  ownPort,
  PASSWORD,
  type RedisProcess,
  startRedisProcess,
} from "./redis-process.js";
import { until } from "./until.js";

export type Watched = {
  /** of all sentinels */
  url: string;
  sentinels: RedisProcess[];
  /** The two Redis, the master first, as the sentinels see it. */
  roles(): Promise<[master: RedisProcess, replica: RedisProcess]>;
  /** A planned failover. */
  failOver(): Promise<void>;
};

const NAME = "our-master";
const SENTINELS = 3;

/** After this time a silent master counts as down, in milliseconds. */
const DOWN_AFTER_MS = 1_000;

/** A Redis, its replica, and three sentinels that watch them, of the test's own. */
export async function startSentinels(t: Owner): Promise<Watched> {
  const [port, other] = [await ownPort(), await ownPort()];
  const [first, second] = [
    await startRedisProcess(t, port, DATA),
    await startRedisProcess(t, other, [...DATA, `replicaof 127.0.0.1 ${port}`]),
  ];
  const sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, async () =>
      startRedisProcess(t, await ownPort(), watching(port), {
        args: ["--sentinel"],
      }),
    ),
  );
  await until("sentinels that know all", async () => {
    for (const { redis } of sentinels) {
      const info = flat(await redis.call("SENTINEL", "MASTER", NAME));
      const others = Number(info.get("num-other-sentinels"));
      const replicas = Number(info.get("num-slaves"));
      if (others < SENTINELS - 1 || replicas < 1) {
        throw new Error(JSON.stringify([...info]));
      }
    }
    const link = await second.redis.info("replication");
    if (!link.includes("master_link_status:up")) throw new Error(link);
  });

  const address = (redis: RedisProcess["redis"]) =>
    redis.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME) as Promise<
      string[]
    >;

  async function roles(): Promise<[RedisProcess, RedisProcess]> {
    const [, masterPort] = await address(askable(sentinels));
    const isFirst = Number(masterPort) === port;
    return isFirst ? [first, second] : [second, first];
  }

  async function failOver(): Promise<void> {
    const [before] = await roles();
    await until("a failover that is begun", () =>
      askable(sentinels).call("SENTINEL", "FAILOVER", NAME),
    );
    await until("another master", async () => {
      const [now] = await roles();
      if (now === before) throw new Error("the same");
    });
  }

  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  return {
    url: `redis+sentinel://:${PASSWORD}@${hosts}/${NAME}/0?sentinel_password=${PASSWORD}`,
    sentinels,
    roles,
    failOver,
  };
}

const DATA = [
  `requirepass ${PASSWORD}`,
  `masterauth ${PASSWORD}`,
  "repl-diskless-sync-delay 0",
  "appendonly yes",
  "appendfsync everysec",
  "maxmemory-policy noeviction",
];

const watching = (port: number) => [
  `requirepass ${PASSWORD}`,
  `sentinel sentinel-pass ${PASSWORD}`,
  `sentinel monitor ${NAME} 127.0.0.1 ${port} 2`,
  `sentinel auth-pass ${NAME} ${PASSWORD}`,
  `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
  `sentinel failover-timeout ${NAME} 3000`,
];

function askable(sentinels: RedisProcess[]): RedisProcess["redis"] {
  const found = sentinels.find(({ redis }) => redis.status === "ready");
  if (!found) throw new Error("no sentinel answers");
  return found.redis;
}

/** A reply of fields and values. */
function flat(reply: unknown): Map<string, string> {
  const items = reply as string[];
  const pairs = items.flatMap((name, n) =>
    n % 2 === 0 ? [[name, items[n + 1] ?? ""] as [string, string]] : [],
  );
  return new Map(pairs);
}
