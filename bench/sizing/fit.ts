/** What happened in one run. */
export type Counts = {
  draws: number;
  wins: number;
  /** EVALSHAs of draw.lua */
  calls: number;
  /** INSERTs of wins, and as many EVALSHAs that settle them */
  inserts: number;
};

export const EVENTS = ["draws", "wins", "calls", "inserts"] as const;

/** Microseconds of processor time that one of each takes. */
export type Costs = Counts;

/**
 * The costs that explain the times of all runs best, none below zero: least squares of the relative errors, one cost
 * after the other until none moves.
 */
export function fit(runs: (Counts & { time: number })[]): Costs {
  const costs: Costs = { draws: 0, wins: 0, calls: 0, inserts: 0 };
  for (let n = 0; n < 20_000; n += 1) {
    let moved = 0;
    for (const event of EVENTS) {
      let [above, below] = [0, 0];
      for (const run of runs) {
        const share = run[event] / run.time;
        const rest = 1 - told(costs, run) / run.time + share * costs[event];
        above += share * rest;
        below += share * share;
      }
      const better = below > 0 ? Math.max(0, above / below) : 0;
      moved = Math.max(moved, Math.abs(better - costs[event]));
      costs[event] = better;
    }
    if (moved < 1e-6) break;
  }
  return costs;
}

/** Microseconds that these costs make of what happened. */
export const told = (costs: Costs, counts: Counts): number =>
  EVENTS.reduce((sum, event) => sum + costs[event] * counts[event], 0);
