/** Milliseconds of processor time that a look at the machine takes. */
const LOOK = 30;

/** Past that a machine is not busy but stuck, and what takes so long is to be seen. */
const MOST = 20;

/**
 * A promise's bound in milliseconds, as it stands on a machine that has other things to do: longer by as much as those who
 * want to run have to wait for it. An idle machine leaves it as it is.
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
