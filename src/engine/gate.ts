import { unavailable } from "../errors.js";
import type { Results } from "../results/results.js";
import type { Lateness } from "./lateness.js";

export type Gate = {
  /** Whether a request that came now would be refused. `waited`: how long it has waited to be read, in milliseconds. */
  isFull(waited?: number): boolean;
  /** Does the work, or rejects with UNAVAILABLE at once where it would wait too long. */
  pass<T>(work: () => Promise<T>): Promise<T>;
  /** Requests under way, and how many a second were finished when there was always another one. */
  load(): { underWay: number; perSecond: number };
};

/**
 * How long a request may have to wait for those before it. A request that would wait longer is refused before it costs
 * anything.
 */
const LONGEST_WAIT_MS = 1_000;

/** The same, including the time it has already waited to be read: it is then answered in less than two seconds. */
const LONGEST_IN_ALL_MS = 1_600;

/**
 * So many are always let in: fewer say nothing about the server's speed. On two cores 128 callers who never pause get
 * the full throughput; a lone one waits 2 ms.
 */
const ALWAYS_LET_IN = 256;

/**
 * The assumed speed before the first measurement: a third of what two cores do, so that a crowd is served from the
 * start.
 */
const FIRST_GUESS_PER_SECOND = 4_500;

/** Requests finished without a pause by which the speed is measured, and the weight of each measurement. */
const SAMPLE_REQUESTS = 256;
const SHORTEST_SAMPLE_MS = 50; // milliseconds
const WEIGHT = 0.25;

/**
 * The limit however fast the server is: ten thousand requests under way took 550 MiB, 4,500 with as many connections
 * 350 MiB.
 */
const MOST_UNDER_WAY = 4_500;

/**
 * How many wins may wait for a silent Postgres. They cost no time and don't stop draws without a prize, but they take
 * memory.
 */
const MOST_WAITING_WINS = 5_000;

const TOO_MUCH = new Error("too much is under way");

/**
 * Lets in, in the order they arrive, all requests that can be answered within about a second. What counts is not their
 * number but how long those under way will take at the measured speed. `now` is in milliseconds.
 */
export function createGate(
  results: Pick<Results, "waiting">,
  lateness: Lateness,
  now: () => number = () => performance.now(),
): Gate {
  let underWay = 0;
  let perSecond = FIRST_GUESS_PER_SECOND;
  let since: number | undefined; // when the present sample began
  let finished = 0; // in it

  function isFull(waited = 0): boolean {
    const { wins, stalled } = results.waiting();
    if (wins >= MOST_WAITING_WINS && stalled) return true;
    const waiting = underWay - (stalled ? wins : 0);
    if (waiting < ALWAYS_LET_IN) return false;
    // A request that was read late has already waited, and its answer will be late as well. Refusing costs time, too: a
    // process that is late because of it must not refuse even more.
    const ahead = Math.max(
      LONGEST_WAIT_MS / 4,
      LONGEST_WAIT_MS - 2 * lateness(),
    );
    const left = Math.min(ahead, LONGEST_IN_ALL_MS - waited);
    return waiting >= Math.min(MOST_UNDER_WAY, (perSecond * left) / 1_000);
  }

  function pass<T>(work: () => Promise<T>): Promise<T> {
    if (isFull()) return Promise.reject(unavailable(TOO_MUCH));
    underWay += 1;
    const working = work();
    working.then(leave, leave);
    return working;
  }

  function leave(): void {
    underWay -= 1;
    // A server that waits for callers says nothing about its speed.
    if (underWay < ALWAYS_LET_IN / 2) since = undefined;
    else measure();
  }

  function measure(): void {
    finished += 1;
    if (since === undefined) begin();
    // All draws of a batch end together: a sample that takes no time measures nothing.
    const took = now() - (since ?? 0);
    if (finished < SAMPLE_REQUESTS || took < SHORTEST_SAMPLE_MS) return;
    perSecond += WEIGHT * ((finished / took) * 1_000 - perSecond);
    begin();
  }

  /** One sample begins where the last one ended: the time between two batches counts. */
  function begin(): void {
    since = now();
    finished = 0;
  }

  return { isFull, pass, load: () => ({ underWay, perSecond }) };
}
