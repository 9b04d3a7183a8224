import type { Moment } from "../day/moments.js";
import type { Table, TablePrize } from "../log/table.js";
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

/** Which prizes there are, with their numbers, over all tables of a log. */
export function createPrizes(
  isSharded: boolean,
  indexOf: (id: string) => number,
) {
  const known = new Map<string, Prize>();
  const greatest = new Map<string, { all: number; day: number }>();
  return {
    known,
    /** The greatest quotas that a table of the log gave to a prize so far. */
    most: (id: string) => greatest.get(id) ?? { all: 0, day: 0 },
    /** Those of a table, in its order. */
    of: (table: Table): Prize[] =>
      table.prizes.map((rule) => {
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
        const { all, day } = greatest.get(rule.id) ?? { all: 0, day: 0 };
        greatest.set(rule.id, {
          all: Math.max(all, rule.total_quota ?? ANY),
          day: Math.max(day, rule.daily_quota ?? ANY),
        });
        prize.rule = rule;
        prize.moments = [];
        known.set(rule.id, prize);
        return prize;
      }),
  };
}
