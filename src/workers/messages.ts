import type { Format } from "../observe/log.js";
import type { Config } from "../settings/config.js";

/** What all workers can be asked for together. */
export type Counted = "metrics" | "refusals";

/** What a worker starts with. It reads no settings itself: a file may have changed since the first process read it. */
export type Orders = {
  kind: "serve";
  number: number;
  /** how many there are */
  of: number;
  config: Config;
  format: Format;
};

/** From the first process to a worker. */
export type ToWorker =
  | Orders
  | { kind: "drain" }
  | { kind: "stop" }
  | { kind: "count"; id: number; what: Counted }
  | { kind: "sum"; id: number; sum: unknown };

/** From a worker to the first process. */
export type FromWorker =
  | { kind: "ready" }
  | { kind: "listening"; address: string }
  | { kind: "failed"; error: Told }
  | { kind: "counted"; id: number; counts: unknown }
  | { kind: "ask"; id: number; what: Counted };

/** An error on its way to another process. */
export type Told = {
  isSetup: boolean;
  message: string;
  stack: string | undefined;
};
