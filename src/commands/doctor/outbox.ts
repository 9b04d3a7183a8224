import { readOutbox } from "../../outbox.js";
import type { Redis } from "../../redis.js";
import { ok, type Say, warn } from "./finding.js";

/** Seconds after which a sweeper should have come by. */
const OLD = 10;

/** Whether wins wait for their rows. */
export async function examineOutbox(redis: Redis, say: Say): Promise<void> {
  const { entries, oldest_seconds } = await readOutbox(redis);
  const age = oldest_seconds ?? 0;
  const batches = `${entries} ${entries === 1 ? "batch" : "batches"}`;
  const seconds = Math.round(age);
  say(
    age > OLD
      ? warn(
          `The outbox holds ${batches} of wins, the oldest for ${seconds} s.`,
          "start a server: it writes their rows; where one runs, its log says why Postgres does not take them",
        )
      : ok(`The outbox holds ${batches} of wins.`),
  );
}
