import { unavailable } from "./errors.js";

export type Gate = {
  /** Throws UNAVAILABLE where a request that came now would be refused. */
  check(): void;
  /** Does the work, or rejects with UNAVAILABLE at once where too much is under way. */
  pass<T>(work: () => Promise<T>): Promise<T>;
};

/** How many requests may be under way. */
const LIMIT = 256;

/**
 * What is under way for longer than this many milliseconds waits for a store that is away, and is no load: draws that
 * need no row go on while thousands wait for a silent Postgres.
 */
const STUCK = 250;

const TOO_MUCH = new Error("too much is under way");

/** Keeps latency and memory bounded however much is asked: past the limit a request is refused before it costs anything. */
export function createGate(limit = LIMIT): Gate {
  const underWay = new Set<{ since: number }>(); // oldest first

  function isFull(): boolean {
    if (underWay.size < limit) return false;
    const now = performance.now();
    for (const work of underWay) {
      if (now - work.since < STUCK) break;
      underWay.delete(work);
    }
    return underWay.size >= limit;
  }

  function check(): void {
    if (isFull()) throw unavailable(TOO_MUCH);
  }

  async function pass<T>(work: () => Promise<T>): Promise<T> {
    check();
    const mark = { since: performance.now() };
    underWay.add(mark);
    try {
      return await work();
    } finally {
      underWay.delete(mark);
    }
  }

  return { check, pass };
}
