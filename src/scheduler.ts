import { Cron } from "croner";
import type { Logger } from "pino";
import { type Campaigns, forAll } from "./campaigns/campaigns.js";
import type { Clock } from "./clock.js";

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
  { clock, campaigns }: { clock: Clock; campaigns: Campaigns },
  log: Logger,
): Scheduler {
  const jobs: Cron[] = [];
  const running = new Set<Promise<void>>();

  // Separate jobs: a long sweep must not delay an edit of the prizes.
  const duties = {
    "comparing the clocks": () => clock.sync(),
    "looking for edited prizes": () => campaigns.check(),
    "restoring winners": () =>
      forAll(campaigns.watched(), async ({ restoring, refill }) => {
        await restoring.run();
        await refill();
      }),
    "keeping the logs": () =>
      forAll(campaigns.watched(), ({ keep }) => keep.run()),
    "sweeping the outbox": () =>
      forAll(campaigns.watched(), async ({ prizes, settlements, sweep }) => {
        // Only a reload shows that the data in Redis are this product's: nobody else's wins may be written.
        if (!prizes.isFresh()) await prizes.reload();
        await settlements.retry();
        await sweep();
      }),
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
    schedule(MIDNIGHT, "the reload at midnight", () => campaigns.reload());
    schedule(MIDNIGHT, "forgetting untold wins", () =>
      forAll(campaigns.watched(), ({ untold }) => untold.forget()),
    );
    schedule(MIDNIGHT, "forgetting numbers of past days", () =>
      campaigns.forget(),
    );
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
