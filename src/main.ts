import { type Logger, pino } from "pino";
import { SetupError } from "./errors.js";
import { createLog, type Log, optionsOf } from "./observe/log.js";
import { createServer, type Server } from "./server.js";
import { type Config, readConfig } from "./settings/config.js";
import { startProblem } from "./start-problem.js";

/** How long the start waits for the stores before it listens without them and answers 503. */
const HEAD_START_MS = 3_000;

/** How long a stop may take in all. */
const LONGEST_STOP_MS = 10_000;

type Stores = {
  databaseUrl: string;
  redisUrl: string;
  embedded: boolean;
  close(): Promise<void>;
};

const config = await readConfig(process.env).catch(refuse);
const { log, flush } = process.stdout.isTTY
  ? await createTerminal(config.LOG_LEVEL)
  : createLog(config.LOG_LEVEL, config.LOG_FORMAT);
let stores: Stores | undefined;
let server: Server | undefined;
let stopping = false;
let listening = false;
/** Ends the drain. */
let hurry = () => {};

// Ctrl-C can arrive twice, from the terminal and from npm: the first one counts.
process.on("SIGINT", () => {
  hurry();
  stop(0);
});
process.on("SIGTERM", () => stop(0, config.DRAIN_SECONDS));
// A terminal that is closed: without this the embedded stores would go on.
process.on("SIGHUP", () => stop(0));
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
  await Promise.race([opened, pause(HEAD_START_MS)]);
  const address = await server.listen(config.HOST, config.PORT);
  listening = true;
  if (embedded) welcome(address);
}

/** The stores that the settings name, or a pair of our own. */
async function storesOf({ DATABASE_URL, REDIS_URL }: Config): Promise<Stores> {
  if (DATABASE_URL && REDIS_URL) {
    const close = async () => {};
    const embedded = false;
    return { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL, embedded, close };
  }
  const { startEmbedded } = await import("./stores/embedded/pair.js");
  const pair = await startEmbedded(".data", console.log);
  return { ...pair, embedded: true };
}

/** Log lines for a person's eyes. */
async function createTerminal(level: string): Promise<Log> {
  const { default: pretty } = await import("pino-pretty");
  const terminal = pretty({ sync: true, ignore: "pid,hostname" });
  const log = pino({ ...optionsOf("pino"), level }, terminal);
  return { log, flush: async () => {} };
}

function welcome(address: string): void {
  console.log(`
Lucky Draw listens on ${address}, with the sample prizes and a Redis and a PostgreSQL of its own in .data/
Open it in a browser, or

  curl -X POST ${address}/draw -H 'content-type: application/json' -d '{"username":"test"}'

Ctrl-C ends all of it.
`);
}

/** The first failure counts: what follows is its doing. */
function fail(error: unknown): void {
  if (stopping) return;
  const problem = startProblem(error);
  if (problem instanceof SetupError) tell(problem);
  else log.fatal({ err: problem }, "stopping after an error");
  stop(1);
}

function stop(code: number, drainSeconds = 0): void {
  if (stopping) return;
  stopping = true;
  drain(listening ? drainSeconds : 0)
    .then(closeAll)
    .catch((err: unknown) => {
      log.fatal({ err }, "could not stop cleanly");
      return 1;
    })
    .then(async (failed) => {
      await flush();
      process.exit(failed ?? code);
    });
}

/** What keeps the program from starting: a sentence, or a line like those of the log where that is asked for. */
function tell({ message }: SetupError): void {
  const stderr = pino.destination({ fd: 2, sync: true });
  if (process.env.LOG_FORMAT !== "names") console.error(message);
  else pino(optionsOf("names"), stderr).fatal(message);
}

/** Answers on until whoever sends requests here has seen that it is not ready any more. */
async function drain(seconds: number): Promise<void> {
  if (seconds === 0) return;
  log.info({ seconds }, "draining");
  server?.drain();
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  await Promise.race([pause(seconds * 1_000), hurried]);
}

async function closeAll(): Promise<undefined> {
  const overdue = () => {
    log.fatal("could not stop in time");
    process.exit(1);
  };
  setTimeout(overdue, LONGEST_STOP_MS);
  await started.catch(() => {});
  await server?.close();
  await stores?.close();
  return undefined;
}

function refuse(error: unknown): never {
  if (error instanceof SetupError) tell(error);
  else console.error(error);
  process.exit(1);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
