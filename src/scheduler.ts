import { Cron } from "croner";
import type { Logger } from "pino";
import type { Clock } from "./clock.js";
import type { Sweep } from "./engine/sweep.js";
import type { Settlements } from "./outbox/settle.js";
import type { Untold } from "./outbox/untold.js";
import type { Prizes } from "./prizes/reload.js";
import type { Restoring } from "./prizes/restoring.js";

export type Scheduler = {
  /** One round of the jobs of every second. Rejects with the first failure, after trying the rest. */
  tick(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
};

export const MIDNIGHT = "0 0 * * *";
const EVERY_SECOND = "* * * * * *";

/**
 * What happens without a request: the reload at midnight in `timeZone`; every second the comparison of clocks, a look
 * for edited prizes and lost data, the restoring of winners, and the sweep of the outbox. Nothing is lost if a job does
 * not run.
 */
export function createScheduler(
  timeZone: string,
  parts: {
    clock: Clock;
    prizes: Prizes;
    restoring: Restoring;
    settlements: Settlements;
    sweep: Sweep;
    untold: Untold;
  },
  log: Logger,
): Scheduler {
  const { clock, prizes, restoring, settlements, sweep, untold } = parts;
  const jobs: Cron[] = [];
  const running = new Set<Promise<void>>();

  // Separate jobs: a long sweep must not delay an edit of the prizes.
  const duties = {
    "comparing the clocks": () => clock.sync(),
    "looking for edited prizes": () => prizes.check(),
    "restoring winners": () => restoring.run(),
    "sweeping the outbox": async () => {
      // Only a reload shows that the data in Redis are this product's: nobody else's wins may be written.
      if (!prizes.isFresh()) await prizes.reload();
      await settlements.retry();
      await sweep();
    },
  };

  async function tick(): Promise<void> {
    const all = Object.values(duties).map((duty) => duty());
    const ends = await Promise.allSettled(all);
    const failure = ends.find((end) => end.status === "rejected");
    if (failure) throw failure.reason;
  }

  /** Logs when a duty begins to fail and when it works again, not every second in between. */
  function told(what: string, duty: () => Promise<void>) {
    let failing = false;
    return async () => {
      try {
        await duty();
        if (failing) log.info(`${what} works again`);
        failing = false;
      } catch (err) {
        if (!failing) log.warn({ err }, `${what} fails`);
        failing = true;
      }
    };
  }

  function schedule(pattern: string, what: string, duty: () => Promise<void>) {
    const options = { timezone: timeZone, protect: true, catch: true };
    const job = told(what, duty);
    const run = async () => {
      const work = job();
      running.add(work);
      await work;
      running.delete(work);
    };
    jobs.push(new Cron(pattern, options, run));
  }

  function start(): void {
    schedule(MIDNIGHT, "the reload at midnight", () => prizes.reload());
    schedule(MIDNIGHT, "forgetting untold wins", async () => {
      await untold.forget();
    });
    for (const [what, duty] of Object.entries(duties)) {
      schedule(EVERY_SECOND, what, duty);
    }
  }

  async function stop(): Promise<void> {
    for (const job of jobs) job.stop();
    await Promise.all(running);
  }

  return { tick, start, stop };
}
