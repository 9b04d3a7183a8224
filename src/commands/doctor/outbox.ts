import { readOutbox } from "../../outbox/depth.js";
import { shardsOf } from "../../stores/keys.js";
import type { Redis } from "../../stores/redis.js";
import { ok, type Say, warn } from "./finding.js";

/** Seconds after which a sweeper should have come by. */
const OLD_S = 10;

/** Whether wins wait for their rows. */
export async function examineOutbox(
  redis: Redis,
  campaign: { id: string; shards: number },
  say: Say,
): Promise<void> {
  const { entries, oldest_seconds, ahead_seconds } = await readOutbox(
    redis,
    shardsOf(campaign),
  );
  const age = oldest_seconds ?? 0;
  const batches = `${entries} ${entries === 1 ? "batch" : "batches"}`;
  const seconds = Math.round(age);
  if (ahead_seconds > 1) {
    say(
      warn(
        `The outbox holds ${batches} of wins, the oldest from ${Math.round(ahead_seconds)} s in the future: Redis's clock was set back.`,
        "have NTP set the clocks of all machines that Redis may run on; servers finish these wins by their own clocks",
      ),
    );
    return;
  }
  say(
    age > OLD_S
      ? warn(
          `The outbox holds ${batches} of wins, the oldest for ${seconds} s.`,
          "start a server: it writes their rows; where one runs, its log says why Postgres does not take them",
        )
      : ok(`The outbox holds ${batches} of wins.`),
  );
}
