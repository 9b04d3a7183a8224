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
  /** How many items wait or run, and for how many milliseconds the present run has been going. */
  underWay(): { items: number; running: number };
};

/** How long an item may wait for its turn: after that nobody is listening any more. */
const LONGEST_WAIT_MS = 1_000;

/** How many items may wait: at 10,000 a second, as long as LONGEST_WAIT_MS. */
const MOST_WAITING = 10_000;

/**
 * Collects what arrives in the same turn of the event loop, and while a run is under way, for the next run. There is no
 * timer: a lone item runs as soon as the turn is over, and the batches grow with the load. `run` returns one outcome
 * per item, in order; an Error among them rejects that item alone.
 */
export function createBatcher<Item, Outcome>(
  run: (items: Item[]) => Promise<(Outcome | Error)[]>,
  largest: number,
): Batcher<Item, Outcome> {
  let waiting: Waiting<Item, Outcome>[] = [];
  let running: Promise<void> | undefined;
  let ran = 0; // items of the present run
  let since = 0; // when it began

  function add(item: Item): Promise<Outcome> {
    if (waiting.length >= MOST_WAITING) {
      return Promise.reject(unavailable(new Error("the queue is full")));
    }
    const outcome = new Promise<Outcome>((resolve, reject) => {
      waiting.push({ item, since: performance.now(), resolve, reject });
    });
    running ??= drain();
    return outcome;
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      // Wait for the requests that are being read in this turn: otherwise the first of a crowd goes alone and the rest
      // wait for it. A full batch has nothing to wait for: a turn that reads ten thousand connections takes half a
      // second.
      if (waiting.length < largest) await endOfTurn();
      const batch = waiting.slice(0, largest);
      waiting = waiting.slice(largest);
      ran = batch.length;
      since = performance.now();
      await settle(batch.filter(isHeeded));
    }
    ran = 0;
    running = undefined;
  }

  function isHeeded(waiter: Waiting<Item, Outcome>): boolean {
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
    while (running) await running;
  }

  const underWay = () => ({
    items: waiting.length + ran,
    running: running ? performance.now() - since : 0,
  });

  return { add, idle, underWay };
}

const endOfTurn = () => new Promise<void>((done) => setImmediate(done));
