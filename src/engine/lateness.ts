/** How often to look, in milliseconds. */
const LOOK_MS = 50;

/** How late this process was at its last timer, in milliseconds. */
export type Lateness = () => number;

/** Measures how late timers fire: requests are read and answered late by the same time. */
export function watchLateness(): Lateness {
  let looked = performance.now();
  let late = 0;
  setInterval(() => {
    const now = performance.now();
    // A past delay fades by halves: the requests it held up are still to come.
    late = Math.max(now - looked - LOOK_MS, late / 2);
    looked = now;
  }, LOOK_MS).unref();
  return () => Math.max(late, performance.now() - looked - LOOK_MS);
}
