import { once } from "node:events";
import type { Redis } from "ioredis";
import { mastersOf } from "./cluster.js";

/** What Redis says where it has no INFO, or this user may not ask it: some hosts have it so. */
const REFUSED = /unknown command.*info|NOPERM.*info/i;

const mute = new WeakSet<Redis>();

/** ioredis asks INFO whether Redis is still loading; where there is no INFO, it would never be connected. */
export function connectThoughMute(redis: Redis): void {
  redis.on("error", (error: Error) => {
    if (REFUSED.test(error.message)) redis.options.enableReadyCheck = false;
  });
}

/** Connects, for a program that does something once. Rejects where the first attempt fails. */
export async function connect(redis: Redis): Promise<void> {
  try {
    await redis.connect();
  } catch (error) {
    if (redis.options.enableReadyCheck !== false) throw error;
    if (redis.status !== "ready") await once(redis, "ready");
  }
}

/** Whether Redis was seen to refuse INFO. Then nothing tells whether another Redis has taken its place. */
export const isMute = (redis: Redis): boolean => mute.has(redis);

/** Whether INFO is what Redis refuses; it is remembered. */
export async function noticeMute(redis: Redis): Promise<boolean> {
  const [node] = mastersOf(redis);
  const refusal = await node?.info("replication").then(
    () => "",
    (error: unknown) => String(error),
  );
  if (refusal === undefined || !REFUSED.test(refusal)) return false;
  mute.add(redis);
  return true;
}
