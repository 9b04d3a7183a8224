/** How often to look, in milliseconds. */
const LOOK_MS = 50;

/** By how many milliseconds this process comes late to what it is to do, as seen last. */
export type Lateness = () => number;

/** Watches how late timers come: by as much every request is read late, and answered. */
export function watchLateness(): Lateness {
  let looked = performance.now();
  let late = 0;
  setInterval(() => {
    const now = performance.now();
    // What has just been is forgotten by halves: the requests that it kept waiting are still to come.
    late = Math.max(now - looked - LOOK_MS, late / 2);
    looked = now;
  }, LOOK_MS).unref();
  return () => Math.max(late, performance.now() - looked - LOOK_MS);
}
