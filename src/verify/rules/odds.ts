import { stretchOf } from "./decide.js";
import type { Prize } from "./prizes.js";

type Cells = { odds: number[]; seen: Float64Array };

/** How often rolls met each stretch of the odds, for each table of odds. */
export type Odds = Map<string, Cells>;

const WHOLE = 1_000_000_000;
/** Cells that expect fewer draws are put together. */
const LEAST = 5;

/** The cells of a table's odds: a stretch each, and the rest. */
export function cellsOf(odds: Odds, prizes: Prize[]): Float64Array {
  const ends = prizes.map(({ rule }) => rule.odds_to);
  const key = ends.join(" ");
  const before = odds.get(key);
  if (before) return before.seen;
  const widths = [...ends, WHOLE].map((end, n) => end - (ends[n - 1] ?? 0));
  const seen = new Float64Array(widths.length);
  odds.set(key, { odds: widths.map((width) => width / WHOLE), seen });
  return seen;
}

export const countRoll = (
  cells: Float64Array,
  prizes: Prize[],
  roll: number,
) => {
  const at = stretchOf(prizes, roll);
  cells[at] = (cells[at] ?? 0) + 1;
};

export type ChiSquare = {
  draws: number;
  value: number;
  freedom: number;
  p: number;
};

/** Chi-square of all tables together; p: how often chance alone would be as far from the odds. */
export function chiSquareOf(odds: Odds): ChiSquare {
  let [draws, value, freedom] = [0, 0, 0];
  for (const { odds: shares, seen } of odds.values()) {
    const total = seen.reduce((sum, n) => sum + n, 0);
    draws += total;
    const cells = shares.map((share, n) => ({
      expected: share * total,
      seen: seen[n] ?? 0,
    }));
    const large = cells.filter(({ expected }) => expected >= LEAST);
    const small = cells.filter(({ expected }) => expected < LEAST);
    const rest = {
      expected: small.reduce((sum, it) => sum + it.expected, 0),
      seen: small.reduce((sum, it) => sum + it.seen, 0),
    };
    // Too few for a cell of their own: they go with the largest one.
    const largest = large.reduce(
      (a, b) => (b.expected > a.expected ? b : a),
      large[0] ?? rest,
    );
    if (rest.expected >= LEAST) large.push(rest);
    else if (large.length > 0) {
      largest.expected += rest.expected;
      largest.seen += rest.seen;
    }
    if (large.length < 2) continue;
    freedom += large.length - 1;
    value += large.reduce(
      (sum, cell) => sum + (cell.seen - cell.expected) ** 2 / cell.expected,
      0,
    );
  }
  return {
    draws,
    value,
    freedom,
    p: freedom > 0 ? upperTail(value / 2, freedom / 2) : 1,
  };
}

/** The regularised incomplete gamma function Q(a, x), by its series or its continued fraction. */
function upperTail(x: number, a: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let [sum, term] = [1 / a, 1 / a];
    for (let n = 1; term > sum * 1e-15; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  // Lentz's method.
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n += 1) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

/** ln Γ of a multiple of one half, by Stirling's series above 10. */
function logGamma(a: number): number {
  let [at, shift] = [a, 0];
  while (at < 10) {
    shift += Math.log(at);
    at += 1;
  }
  const series = 1 / (12 * at) - 1 / (360 * at ** 3) + 1 / (1260 * at ** 5);
  return (
    (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift
  );
}
