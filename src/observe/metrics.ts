import {
  type Aggregator,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
} from "prom-client";
import { linesDropped } from "./log.js";
import { createTallies } from "./tallies.js";

type Load = { underWay(): number; connections(): Promise<number> };

export type Metrics = ReturnType<typeof createMetrics>;

/** The scripts of `lua/`. */
export const SCRIPTS = [
  "draw",
  "settle",
  "reload",
  "remember",
  "recount",
  "schedule",
  "install",
  "grant",
  "gone",
  "recall",
  "spare",
  "log",
  "line",
  "kept",
] as const;

/** From a lone draw's script to the deadline of a command. */
const SECONDS = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];

/** What several workers tell of these together; prom-client's average hides the one that is stuck. */
const WORST: Record<string, Aggregator> = {
  nodejs_eventloop_lag_seconds: "max",
  nodejs_eventloop_lag_mean_seconds: "max",
  nodejs_eventloop_lag_stddev_seconds: "max",
  nodejs_eventloop_lag_p50_seconds: "max",
  nodejs_eventloop_lag_p90_seconds: "max",
  nodejs_eventloop_lag_p99_seconds: "max",
  process_start_time_seconds: "min",
};

const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/**
 * What a server counts and measures, in a registry of its own. All names but those of Node and the process begin with
 * `lucky_draw_`; units are seconds.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const [name, aggregator] of Object.entries(WORST)) {
    Object.assign(registry.getSingleMetric(name) ?? {}, { aggregator });
  }

  const scriptSeconds = new Histogram({
    name: "lucky_draw_script_seconds",
    help: "Time from sending a Lua script's call to its reply",
    labelNames: ["script"],
    buckets: SECONDS,
    registers,
  });
  const scriptFailures = new Counter({
    name: "lucky_draw_script_failures_total",
    help: "Calls of Lua scripts that Redis refused or did not answer",
    labelNames: ["script"],
    registers,
  });
  const batchDraws = new Histogram({
    name: "lucky_draw_batch_draws",
    help: "Draws decided by one call of draw.lua",
    buckets: SIZES,
    registers,
  });
  for (const script of SCRIPTS) {
    scriptSeconds.zero({ script });
    scriptFailures.inc({ script }, 0);
  }

  const insertSeconds = new Histogram({
    name: "lucky_draw_insert_seconds",
    help: "Time of an INSERT of wins",
    buckets: SECONDS,
    registers,
  });
  const insertRows = new Histogram({
    name: "lucky_draw_insert_rows",
    help: "Rows written by one INSERT of wins",
    buckets: SIZES,
    registers,
  });
  const statementFailures = new Counter({
    name: "lucky_draw_statement_failures_total",
    help: "INSERTs and look-ups of wins that Postgres did not answer",
    registers,
  });

  const reloads = new Counter({
    name: "lucky_draw_reloads_total",
    help: "Reloads of the prizes; refused: the last good table stays in force",
    labelNames: ["result"],
    registers,
  });
  for (const result of ["ok", "refused", "failed"]) reloads.inc({ result }, 0);

  new Counter({
    name: "lucky_draw_log_lines_dropped_total",
    help: "Lines that the log could not take: a full disk, or a reader that has stopped",
    registers,
    collect() {
      this.reset();
      this.inc(linesDropped());
    },
  });
  const connectionsRefused = new Counter({
    name: "lucky_draw_connections_refused_total",
    help: "Connections closed at once because there were too many",
    registers,
  });

  const gauge = <Label extends string>(
    name: string,
    help: string,
    ...labelNames: Label[]
  ) => new Gauge({ name: `lucky_draw_${name}`, help, labelNames, registers });

  /** What a scrape reads from the stores: of several workers the one that is asked tells it. */
  const stored: string[] = [];
  const storeGauge: typeof gauge = (name, ...rest) => {
    stored.push(`lucky_draw_${name}`);
    return Object.assign(gauge(name, ...rest), { aggregator: "omit" });
  };

  let load: Load = { underWay: () => 0, connections: async () => 0 };
  new Gauge({
    name: "lucky_draw_requests_under_way",
    help: "Requests let in and not answered yet",
    registers,
    collect() {
      this.set(load.underWay());
    },
  });
  new Gauge({
    name: "lucky_draw_connections",
    help: "Connections of callers",
    registers,
    async collect() {
      this.set(await load.connections());
    },
  });

  /** Counts a reload when it is over; `problem` says why its prizes are not in force. */
  function reloading(
    reload: Promise<unknown>,
    problem: () => string | undefined,
  ): void {
    reload.then(
      () => reloads.inc({ result: problem() ? "refused" : "ok" }),
      () => reloads.inc({ result: "failed" }),
    );
  }

  return {
    registry,
    stored,
    /** Tells who knows how much is under way. */
    watchLoad: (known: Load) => {
      load = known;
    },
    ...createTallies(registry),
    reloading,
    scriptSeconds,
    scriptFailures,
    batchDraws,
    insertSeconds,
    insertRows,
    statementFailures,
    up: storeGauge("up", "Whether a store answers", "store"),
    outboxEntries: storeGauge(
      "outbox_entries",
      "Batches of wins that are not written or not told yet",
      "campaign",
    ),
    outboxOldest: storeGauge(
      "outbox_oldest_seconds",
      "Age of the oldest of them by Redis's clock; 0 where there is none",
      "campaign",
    ),
    outboxAhead: storeGauge(
      "outbox_ahead_seconds",
      "By how much the oldest of them lies in the future: Redis's clock was set back",
      "campaign",
    ),
    untold: storeGauge(
      "untold_wins",
      "Winners who are told their win on their next try, since nobody was told it",
      "campaign",
    ),
    connectionsRefused,
    liveViewers: gauge("live_viewers", "Viewers of /admin/live"),
    unitsLeft: storeGauge(
      "prize_units_left",
      "Units left of a prize that has a quota",
      "campaign",
      "prize",
      "per",
    ),
    unitsQuota: storeGauge(
      "prize_units_quota",
      "Its quota, in all and per day",
      "campaign",
      "prize",
      "per",
    ),
    tableRefused: storeGauge(
      "prize_table_refused",
      "1 where the prizes in Postgres can't be put in force",
      "campaign",
    ),
  };
}
