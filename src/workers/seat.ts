import { setTimeout as pause } from "node:timers/promises";

/** How a worker's process ended. */
export type End = {
  code: number | null;
  signal: string | null;
  /** whether it had served */
  listened: boolean;
};

/** A worker that ended sooner than this after its start had hardly begun, in milliseconds. */
const EARLY_MS = 10_000;

/** The pause before the third such start in a row, which doubles with each further one, and the longest. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Runs a worker, and another one in its place as often as it ends, until `ending`. At once, but with longer and longer
 * pauses if they end again and again soon after their start. Resolves with the end of the last one.
 */
export async function keepRunning(
  run: () => Promise<End>,
  ending: AbortSignal,
  tell: (end: End & { pause: number }) => void,
): Promise<End | undefined> {
  let early = 0; // in a row
  while (!ending.aborted) {
    const began = performance.now();
    const end = await run();
    if (ending.aborted) return end;
    early = performance.now() - began < EARLY_MS ? early + 1 : 0;
    const length = early < 2 ? 0 : FIRST_PAUSE_MS * 2 ** (early - 2);
    const rest = Math.min(LONGEST_PAUSE_MS, length);
    tell({ ...end, pause: rest });
    if (rest > 0) {
      await pause(rest, undefined, { signal: ending }).catch(() => {});
    }
  }
  return undefined;
}
