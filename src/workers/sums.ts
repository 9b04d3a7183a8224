import { within } from "../deadline.js";
import type { Sums } from "../observe/sums.js";
import type { Counted, FromWorker, ToWorker } from "./messages.js";

/** How long the first process may take, in milliseconds; it waits for the other workers meanwhile. */
const LONGEST_MS = 1_500;

/**
 * A worker's side of the sums: asks the first process, which asks all workers. `own` is what this worker counted itself,
 * told where the first process takes too long.
 */
export function createSums(
  send: (message: FromWorker) => void,
  own: () => Record<string, number>,
) {
  const asked = new Map<number, (sum: unknown) => void>();
  let last = 0;

  function ask(what: Counted): Promise<unknown> {
    last += 1;
    const id = last;
    const answer = new Promise<unknown>((resolve) => asked.set(id, resolve));
    send({ kind: "ask", id, what });
    return within(LONGEST_MS, answer, late).finally(() => asked.delete(id));
  }

  const sums: Sums = {
    metrics: () => ask("metrics") as Promise<string>,
    refusals: () =>
      ask("refusals").catch(own) as Promise<Record<string, number>>,
  };

  /** Takes the answer of the first process. */
  function answered({ id, sum }: Extract<ToWorker, { kind: "sum" }>): void {
    asked.get(id)?.(sum);
  }

  return { sums, answered };
}

const late = () => new Error("the first process does not answer");
