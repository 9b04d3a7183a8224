/**
 * @typedef {{
 *   line: number, p: string, no: string, roll: number, at: number, outcome: string, how: string, version: string,
 *   stretches: { id: string, from: number, to: number, isLeft: boolean, isFallback: boolean }[], rest: number
 * }} Explained  a draw, and the odds and what was left when it was decided; `rest`: where "no prize" begins
 */

/**
 * @param {import("./table.js").Table} table @param {Omit<Explained, "line" | "version" | "stretches" | "rest">} draw @param {number} line
 * @returns {Explained}
 */
export function explain(table, draw, line) {
  let from = 0;
  const stretches = table.prizes.map((prize) => {
    const { id, odds_to: to, fallback: isFallback } = prize;
    const isLeft = table.unitOf(prize, draw.at) !== undefined;
    const stretch = { id, from, to, isLeft, isFallback };
    from = to;
    return stretch;
  });
  return { ...draw, line, version: table.version, stretches, rest: from };
}
