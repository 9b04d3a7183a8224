import { Redis, type Result } from "ioredis";
import { SetupError } from "../errors.js";
import { readSeveralHosts } from "../settings/redis-url.js";
import { FailFastCluster } from "./redis/cluster.js";
import { connectThoughMute } from "./redis/mute.js";
import { COMMAND_TIMEOUT_MS, optionsOf } from "./redis/options.js";
import { SentinelRedis } from "./redis/sentinel.js";
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
    log(...args: (string | number)[]): Result<unknown, Context>;
    line(...args: (string | number)[]): Result<unknown, Context>;
    kept(...args: (string | number)[]): Result<unknown, Context>;
  }
}

export { clusterOf, mastersOf } from "./redis/cluster.js";
export { connect, isMute, noticeMute } from "./redis/mute.js";
export { pipelines, redisTime, replies } from "./redis/pipelines.js";
export { watchRedis } from "./redis/watch.js";
export type { Redis };

/**
 * A client that fails fast: nothing is queued while Redis is away, nothing is sent twice, and a silent connection is
 * replaced. The methods of the names of `lua/` run its scripts by EVALSHA. Of a cluster it is all nodes: a command goes to
 * the one that has its key, one without a key to any.
 */
export function createRedis(url: string, patience = COMMAND_TIMEOUT_MS): Redis {
  const options = optionsOf(patience);
  const several = readSeveralHosts(url);
  if (typeof several === "string") {
    throw new SetupError(`REDIS_URL: ${several}`);
  }
  if (several?.kind === "cluster") {
    // It has the same commands; what differs is in `redis/`.
    return new FailFastCluster(several, options) as unknown as Redis;
  }
  const redis = several
    ? new SentinelRedis(several, options)
    : new Redis(redisAddress(url), options);
  connectThoughMute(redis);
  return redis;
}
