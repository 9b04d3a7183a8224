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

/** What a request may have to wait for those before it, in milliseconds: past that it is refused before it costs anything. */
const LONGEST_WAIT_MS = 1_000;

/** The same together with what it has waited to be read: with that it is answered in less than two seconds. */
const LONGEST_IN_ALL_MS = 1_600;

/**
 * As many are let in whatever they have to wait: fewer tell nothing of how fast the server is. On two cores 128 callers who
 * never rest are served as fast as any number; a lone one waits 2 ms.
 */
const ALWAYS_LET_IN = 256;

/** What is taken for the speed until it was seen: a third of what two cores do, so that a crowd is served from the start. */
const FIRST_GUESS_PER_SECOND = 4_500;

/** Requests finished without a pause by which the speed is measured, and the weight of each measurement. */
const SAMPLE_REQUESTS = 256;
const SHORTEST_SAMPLE_MS = 50; // milliseconds
const WEIGHT = 0.25;

/** However fast it is: ten thousand under way took 550 MiB, 4,500 with as many connections 350. */
const MOST_UNDER_WAY = 4_500;

/**
 * How many wins may wait for a Postgres that is silent. They are no load, and do not keep draws without a prize from
 * going on, but they take memory.
 */
const MOST_WAITING_WINS = 5_000;

const TOO_MUCH = new Error("too much is under way");

/**
 * Lets in, in the order in which they come, all who can be answered in about a second, however many they are: what counts
 * is how long those under way will take at the speed of the last ones, not their number. `now` is in milliseconds.
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
    // Whoever is read late has waited already, and so will its answer. Refusing costs time, too: a process that is late
    // because of it must not refuse all the more.
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
    // A server that waits for callers says nothing of how fast it is.
    if (underWay < ALWAYS_LET_IN / 2) since = undefined;
    else measure();
  }

  function measure(): void {
    finished += 1;
    if (since === undefined) begin();
    // All of a batch end together: a sample that takes no time is none.
    const took = now() - (since ?? 0);
    if (finished < SAMPLE_REQUESTS || took < SHORTEST_SAMPLE_MS) return;
    perSecond += WEIGHT * ((finished / took) * 1_000 - perSecond);
    begin();
  }

  /** A sample follows the one before it: what lies between two batches counts. */
  function begin(): void {
    since = now();
    finished = 0;
  }

  return { isFull, pass, load: () => ({ underWay, perSecond }) };
}
