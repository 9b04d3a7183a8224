/** How far counts are from odds; the rest of `total` got nothing. With five prizes 20.5 is passed once in a thousand times by chance. */
export function chiSquareOf(
  odds: Record<string, number>,
  seen: Map<string, number>,
  total: number,
): number {
  const cells = Object.entries(odds).map(([id, p]) => ({
    p,
    n: seen.get(id) ?? 0,
  }));
  const none = 1 - cells.reduce((sum, { p }) => sum + p, 0);
  const won = [...seen.values()].reduce((sum, n) => sum + n, 0);
  cells.push({ p: none, n: total - won });
  return cells.reduce(
    (sum, { p, n }) => sum + (n - p * total) ** 2 / (p * total),
    0,
  );
}
