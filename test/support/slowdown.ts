/** Milliseconds of processor time that a look at the machine takes. */
const LOOK = 30;

/** Beyond this a machine is not busy but stuck, and the delay must show. */
const MOST = 20;

/**
 * A promise's bound in milliseconds, adjusted to a busy machine: longer in proportion to how long processes wait for a
 * core. On an idle machine it is unchanged.
 */
export function bound(milliseconds: number): number {
  return milliseconds * slowdown();
}

/** How much longer than its processor time some work takes: 1 on an idle machine, 3 where two others want each core. */
export function slowdown(): number {
  const began = performance.now();
  const from = process.cpuUsage();
  let spent = 0;
  while (spent < LOOK) {
    const { user, system } = process.cpuUsage(from);
    spent = (user + system) / 1_000;
  }
  return Math.min(MOST, Math.max(1, (performance.now() - began) / spent));
}
