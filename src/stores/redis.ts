import { readFileSync } from "node:fs";
import { type ChainableCommander, Redis, type Result } from "ioredis";
import { unavailable } from "../errors.js";
import { ROOT } from "../root.js";
import { redisAddress } from "./socket-url.js";

declare module "ioredis" {
  interface RedisCommander<Context> {
    draw(...args: (string | number)[]): Result<unknown, Context>;
    settle(...args: (string | number)[]): Result<unknown, Context>;
    reload(...args: (string | number)[]): Result<unknown, Context>;
    remember(...args: (string | number)[]): Result<unknown, Context>;
    recount(...args: (string | number)[]): Result<unknown, Context>;
    schedule(...args: (string | number)[]): Result<unknown, Context>;
    probe(...args: (string | number)[]): Result<unknown, Context>;
    install(...args: (string | number)[]): Result<unknown, Context>;
    gone(...args: (string | number)[]): Result<unknown, Context>;
    grant(...args: (string | number)[]): Result<unknown, Context>;
    recall(...args: (string | number)[]): Result<unknown, Context>;
    spare(...args: (string | number)[]): Result<unknown, Context>;
  }
}

export type { Redis };

const script = (name: string) => ({
  lua: readFileSync(new URL(`lua/${name}.lua`, ROOT), "utf8"),
});

/** How long Redis may take for a command. */
const COMMAND_TIMEOUT_MS = 1_000;

/**
 * A client that fails fast: nothing is queued while Redis is away, nothing is sent twice, and a silent connection is
 * replaced. The methods of the names of `lua/` run its scripts by EVALSHA.
 */
export function createRedis(url: string, patience = COMMAND_TIMEOUT_MS): Redis {
  return new Redis(redisAddress(url), {
    protocol: 2,
    scripts: {
      draw: script("draw"),
      settle: script("settle"),
      reload: script("reload"),
      remember: script("remember"),
      recount: script("recount"),
      schedule: script("schedule"),
      probe: script("probe"),
      install: script("install"),
      grant: script("grant"),
      gone: script("gone"),
      recall: script("recall"),
      spare: script("spare"),
    },
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: patience,
    // Half-open: this command would time out, and so would every later one on the same connection.
    socketTimeout: patience,
    connectTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(50 * times, 500),
    // After a failover the old primary answers READONLY: look the name up again.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
    lazyConnect: true,
  });
}

/** Redis's clock in milliseconds since the epoch. Rejects with UNAVAILABLE. */
export async function redisTime(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time().catch((error: unknown) => {
    throw unavailable(error);
  });
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

/** The replies of a pipeline. Rejects with UNAVAILABLE where one of them failed. */
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
