import type { Moment } from "../day/moments.js";
import type { Range, Table, TablePrize } from "../log/table.js";
import { CountedPool, HeldPool, type Pool } from "./pool.js";

/** A prize while a log is replayed. */
export type Prize = {
  id: string;
  /** of the day's prizes, for columns of numbers */
  index: number;
  rule: TablePrize;
  all: Pool;
  today: Pool;
  /** open ones, the next at the end */
  moments: Moment[];
};

const ANY = Number.POSITIVE_INFINITY;

/** How many units of today's quota can have gone by a moment. */
export function quotaAt(
  { daily_quota, release }: TablePrize,
  at: number,
): number {
  if (daily_quota === null) return ANY;
  if (!release || at >= release[1]) return daily_quota;
  const [from, to] = release;
  if (at <= from) return 0;
  // In two steps: the product of both may be more than a number holds exactly.
  const [length, elapsed] = [to - from, at - from];
  return (
    Math.floor(daily_quota / length) * elapsed +
    Math.floor(((daily_quota % length) * elapsed) / length)
  );
}

export const unitOf = ({ all, rule }: Prize): number =>
  all.next(rule.total_quota ?? ANY);

export const dayUnitOf = ({ today, rule }: Prize, at: number): number =>
  today.next(quotaAt(rule, at));

export const canGive = (prize: Prize, at: number): boolean =>
  unitOf(prize) > 0 && dayUnitOf(prize, at) > 0;

/** The greatest quotas of a prize, and the rolls that met it. */
export type Most = {
  all: number;
  day: number;
  stretches: Range[];
  /** some draws got it whatever their roll */
  isFree: boolean;
};
const NOTHING: Most = { all: 0, day: 0, stretches: [], isFree: false };

function widen(
  { all, day, stretches, isFree }: Most,
  rule: TablePrize,
  from: number,
): Most {
  const to = rule.odds_to;
  const isNew = !stretches.some(([first, end]) => first <= from && end >= to);
  return {
    all: Math.max(all, rule.total_quota ?? ANY),
    day: Math.max(day, rule.daily_quota ?? ANY),
    stretches: isNew ? [...stretches, [from, to]] : stretches,
    isFree: isFree || rule.fallback || rule.moments,
  };
}

/** Which prizes there are, with their numbers, over all tables of a log. */
export function createPrizes(
  isSharded: boolean,
  indexOf: (id: string) => number,
) {
  const known = new Map<string, Prize>();
  const greatest = new Map<string, Most>();
  return {
    known,
    /** What the tables of the log allowed a prize at most so far. */
    most: (id: string): Most => greatest.get(id) ?? NOTHING,
    /** Those of a table, in its order. */
    of: (table: Table): Prize[] =>
      table.prizes.map((rule, n) => {
        const before = known.get(rule.id);
        const pool = () => (isSharded ? new HeldPool() : new CountedPool());
        const prize = before ?? {
          id: rule.id,
          index: indexOf(rule.id),
          rule,
          all: pool(),
          today: pool(),
          moments: [],
        };
        const from = table.prizes[n - 1]?.odds_to ?? 0;
        const most = greatest.get(rule.id) ?? NOTHING;
        greatest.set(rule.id, widen(most, rule, from));
        prize.rule = rule;
        prize.moments = [];
        known.set(rule.id, prize);
        return prize;
      }),
  };
}
