import type { Log } from "./observe/log.js";

/** How long a stop may take in all. */
const LONGEST_STOP_MS = 10_000;

/**
 * What ends this process, in order and once: `closeAll` first, the last lines of the log, then its exit. The code is 1
 * where something failed on the way, or took too long.
 */
export function createEnding(
  { log, flush }: Pick<Log, "log" | "flush">,
  closeAll: () => Promise<void>,
) {
  const begun = new AbortController();

  /** `first`: what is waited for before, however long it takes. */
  function stop(code: number, first = async () => {}): void {
    if (begun.signal.aborted) return;
    begun.abort();
    first()
      .then(() => {
        setTimeout(overdue, LONGEST_STOP_MS);
        return closeAll();
      })
      .then(() => code)
      .catch((err: unknown) => {
        log.fatal({ err }, "could not stop cleanly");
        return 1;
      })
      .then(async (code) => {
        await flush();
        process.exit(code);
      });
  }

  function overdue(): void {
    log.fatal("could not stop in time");
    process.exit(1);
  }

  return { stop, begun: begun.signal };
}

/** How long a start waits for the stores before it listens without them and answers 503. */
export const HEAD_START_MS = 3_000;

export const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
