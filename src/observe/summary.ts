import type { FastifyBaseLogger } from "fastify";

/** Between two lines of one kind, in milliseconds. */
const INTERVAL_MS = 1_000;

export type Summary = {
  /** Logs the line at info at once, or counts it for the next one. */
  add(line: object): void;
  /** Logs what was counted. */
  flush(): void;
};

/**
 * At most one line a second at info, however much there is to tell: each has the details of the latest request, and in
 * `count` the number of requests that it stands for. At debug there is a line for every request.
 */
export function createSummary(
  log: FastifyBaseLogger,
  sentence: string,
): Summary {
  let latest: object | undefined;
  let count = 0;
  let timer: NodeJS.Timeout | undefined;

  function add(line: object): void {
    latest = line;
    count += 1;
    if (timer) log.debug(line, sentence);
    else flush();
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (count === 0) return;
    log.info({ ...latest, count }, sentence);
    count = 0;
    timer = setTimeout(flush, INTERVAL_MS).unref();
  }

  return { add, flush };
}
