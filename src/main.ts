import { type Logger, pino } from "pino";
import { type Config, readConfig } from "./config.js";
import { loggable, SetupError } from "./errors.js";
import { createServer, type Server } from "./server.js";

/** How long the start waits for the stores before it listens without them and answers 503, in milliseconds. */
const HEAD_START = 3_000;

/** How long a stop may take in all, in milliseconds. */
const LONGEST_STOP = 10_000;

type Stores = {
  databaseUrl: string;
  redisUrl: string;
  embedded: boolean;
  close(): Promise<void>;
};

const config = await readConfig(process.env).catch(refuse);
const logging = { level: config.LOG_LEVEL, serializers: { err: loggable } };
const log = process.stdout.isTTY
  ? pino(logging, await createTerminal())
  : pino(logging);
let stores: Stores | undefined;
let server: Server | undefined;
let stopping = false;

// Ctrl-C can arrive twice, from the terminal and from npm: the first one counts.
process.on("SIGINT", () => stop(0));
process.on("SIGTERM", () => stop(0));
process.on("uncaughtException", fail);
const started = start(config, log);
started.catch(fail);

async function start(config: Config, log: Logger): Promise<void> {
  stores = await storesOf(config);
  const { databaseUrl, redisUrl, embedded } = stores;
  const samplePrizes = embedded || process.argv.includes("--sample-prizes");
  server = createServer(config, { databaseUrl, redisUrl, samplePrizes, log });
  const opened = server.open();
  opened.catch(fail);
  await Promise.race([opened, pause(HEAD_START)]);
  const address = await server.listen(config.HOST, config.PORT);
  if (embedded) welcome(address);
}

/** The stores that the settings name, or a pair of our own. */
async function storesOf({ DATABASE_URL, REDIS_URL }: Config): Promise<Stores> {
  if (DATABASE_URL && REDIS_URL) {
    const close = async () => {};
    const embedded = false;
    return { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL, embedded, close };
  }
  const { startEmbedded } = await import("./embedded.js");
  const pair = await startEmbedded(".data", console.log);
  return { ...pair, embedded: true };
}

/** Log lines for a person's eyes. */
async function createTerminal() {
  const { default: pretty } = await import("pino-pretty");
  return pretty({ sync: true, ignore: "pid,hostname" });
}

function welcome(address: string): void {
  console.log(`
Lucky Draw listens on ${address}, with the sample prizes and a Redis and a PostgreSQL of its own in .data/

  curl -X POST ${address}/draw -H 'content-type: application/json' -d '{"username":"test"}'

Ctrl-C ends all of it.
`);
}

function fail(error: unknown): void {
  if (error instanceof SetupError) console.error(error.message);
  else log.fatal({ err: error }, "stopping after an error");
  stop(1);
}

function stop(code: number): void {
  if (stopping) return;
  stopping = true;
  closeAll().then(
    () => process.exit(code),
    (err: unknown) => {
      log.fatal({ err }, "could not stop cleanly");
      process.exit(1);
    },
  );
}

async function closeAll(): Promise<void> {
  const overdue = () => {
    log.fatal("could not stop in time");
    process.exit(1);
  };
  setTimeout(overdue, LONGEST_STOP);
  await started.catch(() => {});
  await server?.close();
  await stores?.close();
}

function refuse(error: unknown): never {
  console.error(error instanceof SetupError ? error.message : error);
  process.exit(1);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
