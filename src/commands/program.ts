import { Failure } from "../errors.js";
import { type Config, readConfig } from "../settings/config.js";
import { readVariables } from "../settings/variables.js";
import { runningPair } from "../stores/embedded/running.js";
import { createPostgres, type Postgres } from "../stores/postgres.js";

/** What is wrong with how a command was called. */
export class UsageError extends Error {}

/** What keeps a command from doing what it was asked, in words for whoever asked. */
export class CommandError extends Error {}

/**
 * Runs a command and ends the process: 0 done or what `work` returns, 1 failed, 2 called wrongly. Every failure is a
 * sentence on stderr.
 */
export async function runProgram(
  usage: string,
  work: (args: string[]) => Promise<number>,
): Promise<never> {
  const args = process.argv.slice(2);
  // Whoever reads the output may have enough of it, as head has.
  process.stdout.on("error", () => process.exit(0));
  try {
    if (args.some((arg) => arg === "--help" || arg === "-h")) {
      await print(usage);
      process.exit(0);
    }
    process.exit(await work(args));
  } catch (error) {
    const isUsage = error instanceof UsageError || isParseArgsError(error);
    console.error(sentenceOf(error));
    if (isUsage) console.error(`\n${usage}`);
    process.exit(isUsage ? 2 : 1);
  }
}

/** A program of several commands, the first argument names which. Each does its work and rejects as `runProgram` says. */
export const runCommands = (
  usage: string,
  commands: Record<string, (args: string[]) => Promise<void>>,
): Promise<never> =>
  runProgram(usage, async ([name = "", ...args]) => {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) {
      throw new UsageError(
        name ? `There is no command ${name}.` : "A command is missing.",
      );
    }
    await command(args);
    return 0;
  });

/** Writes to stdout, as fast as it is read. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text.endsWith("\n") ? text : `${text}\n`, () =>
      resolve(),
    );
  });
}

const isParseArgsError = (error: unknown) =>
  error instanceof Error &&
  "code" in error &&
  String(error.code).startsWith("ERR_PARSE_ARGS");

/** What is wrong, for whoever runs a command. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Failure && error.code === "UNAVAILABLE") {
    return `Postgres can't do it: ${causeOf(error)}`;
  }
  // Node tells a connection refused at several addresses in an error without words.
  return error instanceof AggregateError
    ? sentenceOf(error.errors[0])
    : error.message;
}

function causeOf({ cause }: Error): string {
  const { code, message } = (cause ?? {}) as {
    code?: string;
    message?: string;
  };
  return code === "42P01" || code === "42883"
    ? "the tables of Lucky Draw are missing or older than this program. Start the server once: it makes them."
    : (message ?? "it does not answer.");
}

/** The settings, and the database of DATABASE_URL or of an `npm start` that runs in this folder, for as long as `work` takes. */
export async function withDatabase(
  work: (postgres: Postgres, config: Config) => Promise<void>,
): Promise<void> {
  const given = await readConfig(withoutRedis());
  const url = given.DATABASE_URL;
  const pair = url === undefined ? await runningPair(".data") : undefined;
  const postgres = createPostgres(url ?? pair?.databaseUrl ?? "");
  const proofKey = given.PROOF_KEY ?? pair?.proofKey;
  const config = { ...given, ...(proofKey && { PROOF_KEY: proofKey }) };
  try {
    await work(postgres, config);
  } finally {
    await postgres.close();
  }
}

/** The environment, for a command that needs no Redis: half a pair is refused, in `.env`, too. */
export function withoutRedis(): NodeJS.ProcessEnv {
  const { DATABASE_URL, REDIS_URL } = readVariables(process.env).values;
  return DATABASE_URL && !REDIS_URL
    ? { ...process.env, REDIS_URL: "redis://unused" }
    : process.env;
}
