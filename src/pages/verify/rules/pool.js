/**
 * Numbers of units of a prize, ever or of the day: which is the next.
 *
 * @typedef {{
 *   next: (most: number | null) => number | undefined, take: (unit: number) => void, counted: () => number,
 *   hold: (from: number, to: number) => void
 * }} Pool  `next`: undefined where none has to go; `counted`: units taken before and since; `hold`: numbers of this shard
 */

/** @param {number} counter  units counted before @param {[number, number][]} spare  numbers that go before the next ones @returns {Pool} */
export function createPool(counter, spare) {
  let last = counter;
  const ranges = spare.map(([from, to]) => ({ from, to }));
  let count = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return {
    next(most) {
      const first = ranges[0]?.from;
      const isFree = (/** @type {number} */ n) => most === null || n <= most;
      if (
        first !== undefined &&
        isFree(first) &&
        (most === null || last - count < most)
      ) {
        return first;
      }
      return isFree(last + 1) ? last + 1 : undefined;
    },
    take(unit) {
      const range = ranges[0];
      if (range?.from !== unit) {
        last = Math.max(last, unit);
        return;
      }
      count -= 1;
      range.from += 1;
      if (range.from > range.to) ranges.shift();
    },
    counted: () => last,
    hold() {},
  };
}

/** The pool of one of several shards: it takes the lowest number that it holds. @param {number} counter @returns {Pool} */
export function createHeldPool(counter) {
  let taken = counter;
  /** @type {{ next: number, to: number }[]} */
  const held = [];
  return {
    next(most) {
      let lowest = Number.POSITIVE_INFINITY;
      for (const { next, to } of held) {
        if (next <= to) lowest = Math.min(lowest, next);
      }
      return lowest <= (most ?? Number.MAX_SAFE_INTEGER) ? lowest : undefined;
    },
    take(unit) {
      taken += 1;
      const range = held.find(({ next, to }) => next === unit && next <= to);
      if (range) range.next += 1;
    },
    counted: () => taken,
    hold(from, to) {
      const standing = held.find(
        (range) => range.next === from && from <= range.to,
      );
      if (standing) standing.to = to;
      else held.push({ next: from, to });
    },
  };
}

/** The units of a daily quota that may go by a moment, evenly from the one to the other. @param {number | null} quota @param {[number, number] | null} release @param {number} now */
export function releasedOf(quota, release, now) {
  if (quota === null || !release) return quota;
  const [from, to] = release;
  if (now >= to) return quota;
  if (now <= from) return 0;
  const length = to - from;
  const elapsed = now - from;
  // In two steps, since quota times milliseconds is more than a number holds exactly.
  const whole = Math.floor(quota / length) * elapsed;
  return whole + Math.floor(((quota % length) * elapsed) / length);
}
