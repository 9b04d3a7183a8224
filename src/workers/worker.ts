import { createEnding, HEAD_START_MS, pause } from "../ending.js";
import { createLog } from "../observe/log.js";
import { createServer, type Server } from "../server.js";
import type { Config } from "../settings/config.js";
import { runningPair } from "../stores/embedded/running.js";
import { linksOf } from "../stores/postgres.js";
import { toldOf } from "./failure.js";
import type { Counted, FromWorker, Orders, ToWorker } from "./messages.js";
import { createSums } from "./sums.js";

// The program of a worker's process: a server that does as the first process says, and ends with it.

let server: Server | undefined;
let stop: (code: number) => void = () => process.exit(0);

const { sums, answered } = createSums(send, refusals);

// A terminal's Ctrl-C, and its end, reach all processes: the first one has the others stop.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
// To this one alone: the first process puts another one in its place.
process.on("SIGTERM", () => stop(0));
process.on("message", hear);
send({ kind: "ready" });

function hear(message: ToWorker): void {
  if (message.kind === "serve") serve(message);
  else if (message.kind === "drain") server?.drain();
  else if (message.kind === "stop") stop(0);
  else if (message.kind === "sum") answered(message);
  else tell(message.id, message.what);
}

function send(message: FromWorker, then = () => {}): void {
  process.send?.(message, undefined, undefined, then);
}

function serve({ number, of, config, format }: Orders): void {
  const { log, flush } = createLog(config.LOG_LEVEL, format, number);
  const ending = createEnding({ log, flush }, async () => {
    await started.catch(() => {});
    await server?.close();
  });
  stop = ending.stop;
  process.on("uncaughtException", fail);
  let listens = false;
  const started = start();
  started.catch(fail);

  async function start(): Promise<void> {
    const stores = await storesOf(config);
    const links = linksOf(of);
    const options = { ...stores, log, migrated: true, links, sums };
    server = createServer(config, options);
    const opened = server.open();
    opened.catch(fail);
    await Promise.race([opened, pause(HEAD_START_MS)]);
    const address = await server.listen(config.HOST, config.PORT);
    listens = true;
    send({ kind: "listening", address });
  }

  /** The first failure counts. One that keeps all workers from serving is told once, by the first process. */
  function fail(error: unknown): void {
    if (ending.begun.aborted) return;
    if (listens) {
      log.fatal({ err: error }, "stopping after an error");
      stop(1);
    } else send({ kind: "failed", error: toldOf(error) }, () => stop(1));
  }
}

/** The stores that the settings name, or the pair that the first process brought. */
async function storesOf({ DATABASE_URL, REDIS_URL }: Config) {
  if (!DATABASE_URL || !REDIS_URL) return runningPair(".data");
  return { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL };
}

function refusals(): Record<string, number> {
  return server?.app.refusals ?? {};
}

/** Tells what this worker counted. */
async function tell(id: number, what: Counted): Promise<void> {
  const metrics = () => server?.metrics?.registry.getMetricsAsJSON() ?? [];
  const counts = what === "refusals" ? refusals() : await metrics();
  send({ kind: "counted", id, counts });
}
