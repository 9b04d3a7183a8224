/** How far counts are from what is expected of them, and how many of them could have differed. */
export type ChiSquare = { value: number; freedom: number };

/** A count of fewer than this is no measure: such ones are taken together. */
const LEAST_EXPECTED = 5;

/** Of counts against their odds, which sum to one. */
export function chiSquareOf(
  cells: { seen: number; odds: number }[],
): ChiSquare {
  const total = cells.reduce((sum, { seen }) => sum + seen, 0);
  const isSmall = ({ odds }: { odds: number }) => total * odds < LEAST_EXPECTED;
  const rest = cells.filter(isSmall).reduce(
    (sum, { seen, odds }) => ({
      seen: sum.seen + seen,
      odds: sum.odds + odds,
    }),
    { seen: 0, odds: 0 },
  );
  const large = cells.filter((cell) => !isSmall(cell));
  // Too small together, they go with the largest.
  if (isSmall(rest)) {
    const largest = large.toSorted((a, b) => b.odds - a.odds)[0];
    if (!largest) return { value: 0, freedom: 0 };
    const at = large.indexOf(largest);
    large[at] = {
      seen: largest.seen + rest.seen,
      odds: largest.odds + rest.odds,
    };
  } else large.push(rest);
  const value = large.reduce((sum, { seen, odds }) => {
    const expected = total * odds;
    return sum + (seen - expected) ** 2 / expected;
  }, 0);
  return { value, freedom: large.length - 1 };
}

/** How likely chance alone differs at least so much. */
export function pValueOf({ value, freedom }: ChiSquare): number {
  if (freedom === 0) return 1;
  const [a, x] = [freedom / 2, value / 2];
  if (x === 0) return 1;
  const scale = Math.exp(-x + a * Math.log(x) - logGamma(a));
  return x < a + 1 ? 1 - scale * series(a, x) : scale * fraction(a, x);
}

/** The lower incomplete gamma function, without its scale. */
function series(a: number, x: number): number {
  let [term, sum] = [1 / a, 1 / a];
  for (let n = a + 1; term > sum * 1e-15; n++) {
    term *= x / n;
    sum += term;
  }
  return sum;
}

/** The upper one, as a continued fraction by Lentz. */
function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < 10_000; n++) {
    const term = -n * (n - a);
    b += 2;
    d = 1 / (term * d + b);
    c = b + term / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return value;
}

/** By Stirling's series, of an argument that was raised to where it is exact. */
function logGamma(a: number): number {
  let [x, shift] = [a, 0];
  for (; x < 12; x++) shift -= Math.log(x);
  const y = 1 / (x * x);
  const tail = (1 / 12 - y * (1 / 360 - y * (1 / 1_260 - y / 1_680))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + tail;
}

/** What a p-value says, for people. */
export function wordsOf(p: number): string {
  if (p >= 0.01) {
    const times = Math.round(p * 100);
    return `as chance would have it: of 100 fair draws of this kind ${times} differ from the odds at least as much`;
  }
  const once = Math.round(1 / Math.max(p, 1e-12)).toLocaleString("en");
  return p >= 0.0001
    ? `unusual: one fair draw of this kind in ${once} differs from the odds at least as much`
    : `not as chance would have it: no more than one fair draw of this kind in ${once} differs from the odds at least as much`;
}
