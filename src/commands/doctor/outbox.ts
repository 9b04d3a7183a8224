import { keys } from "../../keys.js";
import { type Redis, redisTime } from "../../redis.js";
import { ok, type Say, warn } from "./finding.js";

/** Seconds after which a sweeper should have come by. */
const OLD = 10;

/** Whether wins wait for their rows. */
export async function examineOutbox(redis: Redis, say: Say): Promise<void> {
  const length = await redis.xlen(keys.outbox);
  const [oldest] = await redis.xrange(keys.outbox, "-", "+", "COUNT", 1);
  const made = Number.parseInt(oldest?.[0] ?? "", 10);
  const age = oldest ? ((await redisTime(redis)) - made) / 1_000 : 0;
  const batches = `${length} ${length === 1 ? "batch" : "batches"}`;
  const seconds = Math.max(0, Math.round(age));
  say(
    age > OLD
      ? warn(
          `The outbox holds ${batches} of wins, the oldest for ${seconds} s.`,
          "start a server: it writes their rows; where one runs, its log says why Postgres does not take them",
        )
      : ok(`The outbox holds ${batches} of wins.`),
  );
}
