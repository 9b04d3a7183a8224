import { SetupError } from "../errors.js";
import { startProblem } from "../start-problem.js";
import type { Told } from "./messages.js";

/** An error as it can be sent to another process. */
export function toldOf(error: unknown): Told {
  const problem = startProblem(error);
  const isSetup = problem instanceof SetupError;
  if (!(problem instanceof Error)) {
    return { isSetup, message: String(problem), stack: undefined };
  }
  return { isSetup, message: problem.message, stack: problem.stack };
}

/** The error that another process told. */
export function errorOf({ isSetup, message, stack }: Told): Error {
  const error = isSetup ? new SetupError(message) : new Error(message);
  return Object.assign(error, { stack });
}
