import { Cron } from "croner";
import type { Logger } from "pino";
import type { Clock } from "./clock.js";
import type { Engine } from "./draw.js";
import type { Prizes } from "./prizes.js";
import type { Redis } from "./redis.js";
import type { Settle } from "./settle.js";
import { sweep } from "./sweep.js";

export type Scheduler = {
  /** One round of what every second brings. Rejects with the first thing that failed, after trying the rest. */
  tick(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
};

export const MIDNIGHT = "0 0 * * *";
const EVERY_SECOND = "* * * * * *";

/**
 * What happens without a request: the reload at midnight in `timeZone`, and every second the comparison of clocks,
 * a look for edited prizes, and the sweep of the outbox. Nothing is lost where a job does not run.
 */
export function createScheduler(
  timeZone: string,
  parts: {
    redis: Redis;
    clock: Clock;
    prizes: Prizes;
    engine: Engine;
    settle: Settle;
  },
  log: Logger,
): Scheduler {
  const { redis, clock, prizes, engine, settle } = parts;
  const jobs: Cron[] = [];
  let looking: Promise<void> | undefined;
  let failing = false;

  async function tick(): Promise<void> {
    const ends = await Promise.allSettled([
      clock.sync(),
      prizes.check(),
      settle.retry().then(() => sweep(redis, engine, settle)),
    ]);
    const failure = ends.find((end) => end.status === "rejected");
    if (failure) throw failure.reason;
  }

  /** Told once when it begins to fail and once when it works again, not every second in between. */
  async function look(): Promise<void> {
    try {
      await tick();
      if (failing) log.info("the stores are back");
      failing = false;
    } catch (err) {
      if (!failing) log.warn({ err }, "a store is away");
      failing = true;
    }
  }

  function start(): void {
    const options = {
      timezone: timeZone,
      protect: true,
      catch: (err: unknown) => log.error({ err }, "a scheduled job failed"),
    };
    jobs.push(
      new Cron(MIDNIGHT, options, () => prizes.reload()),
      new Cron(EVERY_SECOND, options, () => {
        looking = look();
        return looking;
      }),
    );
  }

  async function stop(): Promise<void> {
    for (const job of jobs) job.stop();
    await looking;
  }

  return { tick, start, stop };
}
