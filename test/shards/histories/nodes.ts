import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freeAddress, startRedis } from "../../../src/stores/embedded/redis.js";
import { createRedis } from "../../../src/stores/redis.js";
import type { Owner } from "../../support/owner.js";
import { home } from "../../support/temporary-folder.js";
import { type Actor, CLOSED, type Director } from "./director.js";

/** A real Redis whose replica is its second database: what a failover brings back is what was copied there last. */
export type Node = {
  name: string;
  client: Redis;
  copy(): Promise<void>;
  /** `all`: nothing was copied */
  failOver(all: boolean): Promise<void>;
  empty(): Promise<void>;
};

export async function startNode(owner: Owner, n: number): Promise<Node> {
  const folder = join(await mkdtemp(join(home(), "node-")), "redis");
  const { url, stop } = await startRedis(folder, () => {}, await freeAddress());
  owner.teardown(() => stop());
  const client = createRedis(url, 10_000);
  const replica = new Redis(url, { protocol: 2, db: 1 });
  await client.connect();
  owner.teardown(() => {
    client.disconnect();
    replica.disconnect();
  });
  const copy = async () => {
    await replica.flushdb();
    const copying = client.pipeline();
    for (const key of await client.keys("*")) copying.copy(key, key, "DB", 1);
    await copying.exec();
  };
  return {
    name: `redis ${n}`,
    client,
    copy,
    failOver: async (all) => {
      if (all) await client.flushdb();
      else await client.swapdb(0, 1);
      // A new lineage, as a promotion gives it.
      await client.replicaof("127.0.0.1", 1);
      await client.replicaof("NO", "ONE");
      await copy();
    },
    empty: async () => {
      await client.flushall();
    },
  };
}

/** Which of so many nodes has a key: those of one hash tag are together. */
function placeOf(args: unknown[], count: number): number {
  const key = args.find((it) => String(it).startsWith("{lucky-draw"));
  const [, shard = "0"] = /^\{[^}]*:(\d+)\}/.exec(String(key)) ?? [];
  return Number(shard) % count;
}

type Call = [name: string, ...args: (string | number)[]];

/** What an actor takes for its Redis: every command goes by the director to the node that has its keys. */
export function redisOf(
  director: Director,
  actor: Actor,
  nodes: Node[],
  onLost: () => void,
): Redis {
  const send = (args: unknown[], run: (client: Redis) => Promise<unknown>) => {
    const { name, client } = nodes[placeOf(args, nodes.length)] as Node;
    const answer = director.perform(actor, name, () => run(client));
    answer.catch((error: Error) => {
      if (error.message === CLOSED) onLost();
    });
    return answer;
  };
  const chain = () => {
    const calls: Call[] = [];
    const chained: object = new Proxy(
      {},
      {
        get: (_target, name) => {
          if (name === "exec") {
            return () =>
              send(calls.flat(), (client) => client.multi(calls).exec());
          }
          return (...args: (string | number)[]) => {
            calls.push([String(name), ...args.flat()]);
            return chained;
          };
        },
      },
    );
    return chained;
  };
  return new Proxy(
    {},
    {
      get: (_target, name) => {
        if (name === "then") return undefined;
        if (name === "multi" || name === "pipeline") return chain;
        return (...args: unknown[]) =>
          send(args, (client) => {
            const of = client as unknown as Record<
              string,
              (...args: unknown[]) => Promise<unknown>
            >;
            return (of[String(name)] as (typeof of)[string]).apply(
              client,
              args,
            );
          });
      },
    },
  ) as Redis;
}
