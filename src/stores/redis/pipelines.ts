import type { ChainableCommander, Redis } from "ioredis";
import { unavailable } from "../../errors.js";
import { keys } from "../keys.js";
import { clusterOf } from "./cluster.js";

/** The replies of a pipeline whose keys have one hash tag. Rejects with UNAVAILABLE where one of them failed. */
export async function replies(
  pipeline: ChainableCommander,
): Promise<unknown[]> {
  const answers = await pipeline.exec().catch((error: unknown) => {
    throw unavailable(error);
  });
  return (answers ?? []).map(([error, reply]) => {
    if (error) throw unavailable(error);
    return reply;
  });
}

/** A command's name, its only key, and what else it takes. */
export type Command = [name: string, key: string, ...(string | number)[]];

/**
 * The replies of commands whose keys may have any hash tags, in the order of the commands: one pipeline, on a cluster one for each
 * tag, all at once. Rejects with UNAVAILABLE where one of them failed.
 */
export async function pipelines(
  redis: Redis,
  commands: Command[],
): Promise<unknown[]> {
  if (commands.length === 0) return [];
  if (!clusterOf(redis)) return replies(redis.pipeline(commands));
  // Even where one node has several tags: a pipeline follows a slot that has moved only as a whole.
  const places = new Map<string, number[]>();
  for (const [n, [, key]] of commands.entries()) {
    const tag = tagOf(key);
    const others = places.get(tag);
    if (others) others.push(n);
    else places.set(tag, [n]);
  }
  const all: unknown[] = new Array(commands.length);
  await Promise.all(
    [...places.values()].map(async (own) => {
      const some = own.map((n) => commands[n] as Command);
      const answers = await replies(redis.pipeline(some));
      for (const [i, n] of own.entries()) all[n] = answers[i];
    }),
  );
  return all;
}

/** What a cluster chooses the slot of a key by. */
const tagOf = (key: string) => /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;

/**
 * Redis's clock in milliseconds since the epoch; on a cluster that of the node that has a key, by default the one by which
 * days are counted. Rejects with UNAVAILABLE.
 */
export async function redisTime(
  redis: Redis,
  key = keys.prizes,
): Promise<number> {
  const asking = clusterOf(redis)
    ? timeAt(redis, key)
    : redis.time().catch((error: unknown) => {
        throw unavailable(error);
      });
  const [seconds, micros] = await asking;
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

/** A command without a key goes with one that has it: in a transaction it follows where that is sent on to. PTTL is for keys of any type. */
async function timeAt(redis: Redis, key: string) {
  const [, time] = await replies(redis.multi().pttl(key).time());
  return time as [string, string];
}
