import type { Range } from "../log/table.js";

/** The numbers of some ranges that are not in others, as ranges in order. */
export function without(ranges: Range[], others: Range[]): Range[] {
  const cuts = [...others].sort((a, b) => a[0] - b[0]);
  const left: Range[] = [];
  for (const [first, last] of ranges) {
    let from = first;
    for (const [start, end] of cuts) {
      if (end < from || start > last) continue;
      if (start > from) left.push([from, start - 1]);
      from = end + 1;
    }
    if (from <= last) left.push([from, last]);
  }
  return left;
}

export const inWords = ([first, last]: Range): string =>
  first === last ? String(first) : `${first} to ${last}`;
