/** Runs all contestants `rounds` times, reversing the order each round, so that drift affects all of them alike. */
export async function alternate<T>(
  contestants: Record<string, () => Promise<T>>,
  rounds: number,
  say: (line: string) => void = () => {},
): Promise<Record<string, T[]>> {
  const names = Object.keys(contestants);
  const seen = Object.fromEntries(names.map((name) => [name, [] as T[]]));
  for (let n = 0; n < rounds; n += 1) {
    const order = n % 2 === 0 ? names : names.toReversed();
    for (const name of order) {
      seen[name]?.push(await (contestants[name] as () => Promise<T>)());
    }
    say(`  round ${n + 1} of ${rounds}`);
  }
  return seen;
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The ratios of two contestants, round by round: their median and spread. */
export function ratio(ones: number[], others: number[]) {
  const ratios = ones.map((one, n) => one / (others[n] ?? Number.NaN));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return { median: median(ratios), least, most };
}

export function quantile(numbers: number[], q: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const place = Math.min(sorted.length - 1, Math.floor(q * sorted.length));
  return sorted[place] ?? Number.NaN;
}
