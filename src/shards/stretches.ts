import type { Stretch } from "./ledger.js";

/** What some have and others don't. */
export function without(some: Stretch[], others: Stretch[]): Stretch[] {
  const sorted = [...others].sort(([one], [other]) => one - other);
  const rest: Stretch[] = [];
  for (const [first, last] of some) {
    let from = first;
    for (const [low, high] of sorted) {
      if (high < from) continue;
      if (low > last) break;
      if (low > from) rest.push([from, low - 1]);
      from = high + 1;
    }
    if (from <= last) rest.push([from, last]);
  }
  return rest;
}

/** These numbers, so many at a time. */
export function* chunksOf(
  stretches: Stretch[],
  size: number,
): Generator<Stretch[]> {
  let chunk: Stretch[] = [];
  let room = size;
  for (const [first, last] of stretches) {
    for (let from = first; from <= last; ) {
      const to = Math.min(last, from + room - 1);
      chunk.push([from, to]);
      room -= to - from + 1;
      from = to + 1;
      if (room > 0) continue;
      yield chunk;
      chunk = [];
      room = size;
    }
  }
  if (chunk.length > 0) yield chunk;
}
