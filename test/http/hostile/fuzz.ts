import { randomInt } from "node:crypto";
import fc from "fast-check";
import type { Test } from "tap";

/** Every failure prints a seed: with it as FUZZ_SEED the first round of each property is the one that failed. */
const SEED = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));

/** For all properties together, in seconds. */
export const SECONDS = Number(process.env.FUZZ_SECONDS ?? 15);

/** Inputs of one seed. A longer run has more rounds, each with a seed and so with inputs of its own. */
const ROUND = 25;

/** How long a failure may be shrunk, in milliseconds. */
const SHRINKING = 20_000;

export const seedOf = (round: number) => (SEED + round) | 0;

/** Checks a property for a share of the time, at least one round. Rejects with seed and shortest input. */
export async function forAll<T>(
  t: Test,
  share: number,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => Promise<void>,
  firstRound = 0,
): Promise<void> {
  const property = fc.asyncProperty(inputs, check);
  const end = performance.now() + SECONDS * 1_000 * share;
  let rounds = 0;
  do {
    await fc.assert(property, {
      seed: seedOf(firstRound + rounds),
      numRuns: ROUND,
      interruptAfterTimeLimit: SHRINKING,
    });
    rounds += 1;
  } while (performance.now() < end);
  t.pass(`${rounds * ROUND} inputs, seeds from ${seedOf(firstRound)}`);
}
