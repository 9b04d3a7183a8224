import { unavailable } from "./errors.js";

type Waiting<Item, Outcome> = {
  item: Item;
  since: number;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
};

export type Batcher<Item, Outcome> = {
  /** Resolves with this item's outcome; rejects with its error, or UNAVAILABLE where it waited too long. */
  add(item: Item): Promise<Outcome>;
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>;
  /** How many items wait or run, and for how many milliseconds the oldest run has been going. */
  underWay(): { items: number; running: number };
};

/** How long an item may wait for its turn: after that nobody is listening any more. */
const LONGEST_WAIT_MS = 1_000;

/** How many items may wait: at 10,000 a second, as long as LONGEST_WAIT_MS. */
const MOST_WAITING = 10_000;

/** How many runs may be under way, where one takes longer than `patience` milliseconds and as many items wait as it has. */
type Beside = { runs: number; patience: number };

const ONE_RUN: Beside = { runs: 1, patience: Number.POSITIVE_INFINITY };

/** A run under way: its items, when it began, and when it is over. */
type Run = { items: number; since: number; over: Promise<unknown> };

/**
 * Collects what arrives in the same turn of the event loop, and while a run is under way, for the next run. There is no
 * timer: a lone item runs as soon as the turn is over, and the batches grow with the load. `run` returns one outcome
 * per item, in order; an Error among them rejects that item alone. `beside`: what waits for a slow run need not wait for
 * its end.
 */
export function createBatcher<Item, Outcome>(
  run: (items: Item[]) => Promise<(Outcome | Error)[]>,
  largest: number,
  beside = ONE_RUN,
): Batcher<Item, Outcome> {
  let waiting: Waiting<Item, Outcome>[] = [];
  let draining: Promise<void> | undefined;
  const runs = new Set<Run>(); // the oldest first

  function add(item: Item): Promise<Outcome> {
    if (waiting.length >= MOST_WAITING) {
      return Promise.reject(unavailable(new Error("the queue is full")));
    }
    const outcome = new Promise<Outcome>((resolve, reject) => {
      waiting.push({ item, since: performance.now(), resolve, reject });
    });
    draining ??= drain();
    return outcome;
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      if (runs.size >= beside.runs) await anyOf(runs);
      // Wait for the requests that are being read in this turn: otherwise the first of a crowd goes alone and the rest
      // wait for it. A full batch has nothing to wait for: a turn that reads ten thousand connections takes half a
      // second.
      if (waiting.length < largest) await endOfTurn();
      const batch = waiting.slice(0, largest);
      waiting = waiting.slice(largest);
      const run = begin(batch);
      if (beside.runs === 1) await run.over;
      else await overOrSlow(run);
    }
    draining = undefined;
  }

  /** Waits for the end of a run, or until it is slow and as many wait for it as it has: a batch beside it is no smaller. */
  async function overOrSlow(run: Run): Promise<void> {
    do await atMost(beside.patience, run.over);
    while (runs.has(run) && waiting.length < run.items);
  }

  function begin(batch: Waiting<Item, Outcome>[]): Run {
    const since = performance.now();
    const heeded = batch.filter((waiter) => isHeeded(waiter, since));
    const run: Run = { items: batch.length, since, over: Promise.resolve() };
    runs.add(run);
    run.over = settle(heeded).then(() => runs.delete(run));
    return run;
  }

  function isHeeded(waiter: Waiting<Item, Outcome>, since: number): boolean {
    if (since - waiter.since < LONGEST_WAIT_MS) return true;
    waiter.reject(unavailable(new Error("waited too long")));
    return false;
  }

  async function settle(batch: Waiting<Item, Outcome>[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const outcomes = await run(batch.map((waiter) => waiter.item));
      batch.forEach((waiter, i) => {
        const outcome = outcomes[i];
        if (outcome instanceof Error) waiter.reject(outcome);
        else if (i in outcomes) waiter.resolve(outcome as Outcome);
        else waiter.reject(new Error("the batch gave this item no outcome"));
      });
    } catch (error) {
      for (const waiter of batch) waiter.reject(error);
    }
  }

  async function idle(): Promise<void> {
    while (draining || runs.size > 0) await (draining ?? anyOf(runs));
  }

  function underWay() {
    let items = waiting.length;
    for (const run of runs) items += run.items;
    const [oldest] = runs;
    return { items, running: oldest ? performance.now() - oldest.since : 0 };
  }

  return { add, idle, underWay };
}

const anyOf = (runs: Set<Run>) => Promise.race([...runs].map((it) => it.over));

/** Resolves when a run is over, or after so many milliseconds. */
function atMost(patience: number, over: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patience, undefined);
    over.then(() => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}

const endOfTurn = () => new Promise<void>((done) => setImmediate(done));
