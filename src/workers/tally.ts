import { AggregatorRegistry } from "prom-client";
import { linesDropped } from "../observe/log.js";
import type { Counted, ToWorker } from "./messages.js";

/** How long a worker may take to say what it counted, in milliseconds; after that its last word counts. */
const LONGEST_MS = 1_000;

type Refusals = Record<string, number>;

/** As prom-client's `getMetricsAsJSON` tells it. */
type Metric = { name: string; type: unknown };

type Counts = { metrics: Metric[]; refusals: Refusals };

type Send = (message: ToWorker) => void;

/**
 * The first process's side of the sums. What an ended worker counted stays in them as it told it last: a sum is never less
 * than one that was told before, and what it counted since then is missing.
 */
export function createTally() {
  const workers = new Map<Send, Counts>();
  const gone: Counts = { metrics: [], refusals: {} };
  const waiting = new Map<
    number,
    { of: Send; told: (counts: unknown) => void; giveUp: () => void }
  >();
  let ids = 0;

  function add(worker: Send): void {
    workers.set(worker, { metrics: [], refusals: {} });
  }

  function remove(worker: Send): void {
    const last = workers.get(worker);
    if (!last) return;
    workers.delete(worker);
    for (const { of, giveUp } of [...waiting.values()]) {
      if (of === worker) giveUp();
    }
    const counters = last.metrics.filter(({ type }) => type !== "gauge");
    gone.metrics = aggregated([gone.metrics, counters]).getMetricsAsArray();
    gone.refusals = sumOf([gone.refusals, last.refusals]);
  }

  /** What each worker counted, and all that have ended. */
  async function collect<What extends Counted>(
    what: What,
  ): Promise<Counts[What][]> {
    // Before anybody is asked: whoever ends meanwhile counts once.
    const before = gone[what];
    const all = [...workers].map(([worker, last]) => ask(worker, last, what));
    return [...(await Promise.all(all)), before];
  }

  function ask<What extends Counted>(
    worker: Send,
    last: Counts,
    what: What,
  ): Promise<Counts[What]> {
    ids += 1;
    const id = ids;
    return new Promise((resolve) => {
      const giveUp = () => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(last[what]);
      };
      const timer = setTimeout(giveUp, LONGEST_MS);
      const told = (counts: unknown) => {
        last[what] = counts as Counts[What];
        giveUp();
      };
      waiting.set(id, { of: worker, told, giveUp });
      worker({ kind: "count", id, what });
    });
  }

  async function sum(what: Counted): Promise<unknown> {
    if (what === "refusals") return sumOf(await collect("refusals"));
    return aggregated([...(await collect("metrics")), own()]).metrics();
  }

  return {
    add,
    remove,
    sum,
    /** Takes what a worker counted. */
    counted: (id: number, counts: unknown) => waiting.get(id)?.told(counts),
  };
}

const aggregated = (all: Metric[][]) => AggregatorRegistry.aggregate(all);

/** What this process counts itself: it writes the workers' lines. */
const own = () => [
  {
    name: "lucky_draw_log_lines_dropped_total",
    type: "counter",
    aggregator: "sum",
    values: [{ value: linesDropped(), labels: {} }],
  },
];

function sumOf(all: Refusals[]): Refusals {
  const sum: Refusals = {};
  for (const [code, n] of all.flatMap((one) => Object.entries(one))) {
    sum[code] = (sum[code] ?? 0) + n;
  }
  return sum;
}
