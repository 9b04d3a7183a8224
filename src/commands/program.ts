import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Config, readConfig } from "../config.js";
import { Failure, SetupError } from "../errors.js";
import { createPostgres, type Postgres } from "../postgres.js";

/** What is wrong with how a command was called. */
export class UsageError extends Error {}

/** What keeps a command from doing what it was asked, in words for whoever asked. */
export class CommandError extends Error {}

/**
 * Runs a command and ends the process: 0 done, 1 failed, 2 called wrongly. Every failure is a sentence on stderr.
 */
export async function runProgram(
  usage: string,
  work: (args: string[]) => Promise<void>,
): Promise<never> {
  const args = process.argv.slice(2);
  // Whoever reads the output may have enough of it, as head has.
  process.stdout.on("error", () => process.exit(0));
  try {
    if (args.some((arg) => arg === "--help" || arg === "-h"))
      await print(usage);
    else await work(args);
    process.exit(0);
  } catch (error) {
    const isUsage = error instanceof UsageError || isParseArgsError(error);
    console.error(sentenceOf(error));
    if (isUsage) console.error(`\n${usage}`);
    process.exit(isUsage ? 2 : 1);
  }
}

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

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Failure && error.code === "UNAVAILABLE") {
    return `Postgres can't do it: ${causeOf(error)}`;
  }
  return error.message;
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
  const config = await readConfig(withoutRedis(process.env));
  const url = config.DATABASE_URL ?? (await embeddedUrl(".data"));
  const postgres = createPostgres(url);
  try {
    await work(postgres, config);
  } finally {
    await postgres.close();
  }
}

/** Commands need no Redis, but half a pair is refused. */
function withoutRedis(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!variables.DATABASE_URL || variables.REDIS_URL) return variables;
  return { ...variables, REDIS_URL: "redis://unused" };
}

/** Where the embedded PostgreSQL of a folder listens. Rejects where it does not run. */
async function embeddedUrl(folder: string): Promise<string> {
  const read = (path: string) =>
    readFile(join(folder, path), "utf8").catch((error: unknown) => {
      throw new SetupError(
        "There is no DATABASE_URL, and no Lucky Draw is running in this folder: set one, or start the other with npm start.",
        { cause: error },
      );
    });
  // Its fourth line is the port; the file goes when PostgreSQL stops.
  const port = (await read("postgres/postmaster.pid")).split("\n")[3];
  const password = (await read("postgres.password")).trim();
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}
