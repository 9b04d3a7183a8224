import { parseArgs } from "node:util";
import { SetupError } from "../errors.js";

/**
 * Runs a command that takes no arguments, and ends the process: with what `work` answers, with 1 and a sentence where
 * it rejects, with 2 where the command line is wrong.
 */
export async function runCommand(
  help: string,
  work: () => Promise<number>,
): Promise<never> {
  const asked = asksForHelp();
  if (asked === undefined) {
    console.error(help);
    process.exit(2);
  }
  if (asked) {
    console.log(help);
    process.exit(0);
  }
  try {
    process.exit(await work());
  } catch (error) {
    console.error(sentenceOf(error));
    process.exit(1);
  }
}

function asksForHelp(): boolean | undefined {
  const options = { help: { type: "boolean", short: "h" } } as const;
  try {
    return parseArgs({ options }).values.help ?? false;
  } catch (error) {
    console.error(`${(error as Error).message}\n`);
    return undefined;
  }
}

/** What is wrong, for whoever runs a command. */
export function sentenceOf(error: unknown): string {
  if (error instanceof SetupError) return error.message;
  if (!(error instanceof Error)) return String(error);
  // Node tells a connection refused at several addresses in an error without words.
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  return inner instanceof Error ? inner.message : String(inner);
}
