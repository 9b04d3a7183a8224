import { type Logger, pino } from "pino";
import { createEnding, HEAD_START_MS, pause } from "./ending.js";
import { SetupError } from "./errors.js";
import { createLog, type Log, optionsOf } from "./observe/log.js";
import { createServer, type Server } from "./server.js";
import { type Config, readConfig } from "./settings/config.js";
import { workersOf } from "./settings/workers.js";
import { startProblem } from "./start-problem.js";

type Stores = {
  databaseUrl: string;
  redisUrl: string;
  embedded: boolean;
  /** of the embedded pair */
  proofKey?: string;
  close(): Promise<void>;
};

const config = await readConfig(process.env).catch(refuse);
const isTerminal = process.stdout.isTTY;
const { log, write, flush } = isTerminal
  ? await createTerminal(config.LOG_LEVEL)
  : createLog(config.LOG_LEVEL, config.LOG_FORMAT);
let stores: Stores | undefined;
let server: Pick<Server, "open" | "listen" | "drain" | "close"> | undefined;
let listening = false;
/** Ends the drain. */
let hurry = () => {};
const { stop, begun } = createEnding({ log, flush }, closeAll);

// Ctrl-C can arrive twice, from the terminal and from npm: the first one counts.
process.on("SIGINT", () => {
  hurry();
  stop(0);
});
process.on("SIGTERM", () => stop(0, () => drain(config.DRAIN_SECONDS)));
// A terminal that is closed: without this the embedded stores would go on.
process.on("SIGHUP", () => stop(0));
process.on("uncaughtException", fail);
const started = start(config, log);
started.catch(fail);

async function start(given: Config, log: Logger): Promise<void> {
  stores = await storesOf(given);
  const { databaseUrl, redisUrl, embedded, proofKey } = stores;
  const config = { ...(proofKey && { PROOF_KEY: proofKey }), ...given };
  const samplePrizes = embedded || process.argv.includes("--sample-prizes");
  const options = { databaseUrl, redisUrl, samplePrizes, log };
  const workers = workersOf(config.WORKERS);
  server =
    workers === 1
      ? createServer(config, options)
      : await createCrew(config, workers, options);
  const opened = server.open();
  opened.catch(fail);
  await Promise.race([opened, pause(HEAD_START_MS)]);
  const address = await server.listen(config.HOST, config.PORT);
  listening = true;
  if (embedded) welcome(address);
}

/** Several processes of it. Who runs one has no code of this. */
async function createCrew(
  config: Config,
  workers: number,
  options: { databaseUrl: string; samplePrizes: boolean; log: Logger },
) {
  const { createCrew } = await import("./workers/crew.js");
  const format = isTerminal ? "pino" : config.LOG_FORMAT;
  const others = { write, format, ending: begun } as const;
  return createCrew(config, workers, { ...options, ...others });
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
  const write = (line: string) => void terminal.write(line);
  return { log, write, flush: async () => {} };
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
  if (begun.aborted) return;
  const problem = startProblem(error);
  if (problem instanceof SetupError) tell(problem);
  else log.fatal({ err: problem }, "stopping after an error");
  stop(1);
}

/** What keeps the program from starting: a sentence, or a line like those of the log where that is asked for. */
function tell({ message }: SetupError): void {
  const stderr = pino.destination({ fd: 2, sync: true });
  if (process.env.LOG_FORMAT !== "names") console.error(message);
  else pino(optionsOf("names"), stderr).fatal(message);
}

/** Answers on until whoever sends requests here has seen that it is not ready any more. */
async function drain(seconds: number): Promise<void> {
  if (seconds === 0 || !listening) return;
  log.info({ seconds }, "draining");
  server?.drain();
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  await Promise.race([pause(seconds * 1_000), hurried]);
}

async function closeAll(): Promise<void> {
  await started.catch(() => {});
  await server?.close();
  await stores?.close();
}

function refuse(error: unknown): never {
  if (error instanceof SetupError) tell(error);
  else console.error(error);
  process.exit(1);
}
