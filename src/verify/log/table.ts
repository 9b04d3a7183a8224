import {
  isCount,
  isFlag,
  isHash,
  isText,
  listOf,
  oneOf,
  orNull,
  pairOf,
  parseShaped,
  recordOf,
  shaped,
} from "../json.js";
import { Wrong } from "../report.js";

const isRange = pairOf(isCount);

const prize = shaped({
  id: isText,
  odds_to: isCount,
  daily_quota: orNull(isCount),
  total_quota: orNull(isCount),
  fallback: isFlag,
  moments: isFlag,
  release: orNull(isRange),
});

const isSpare = (value: unknown): value is Spare =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(value).every(
    ([name, ranges]) =>
      (name === "all" || name === "day") && listOf(isRange)(ranges),
  );

export type Range = [first: number, last: number];
export type Spare = { all?: Range[]; day?: Range[] };

const TABLE = {
  prizes: listOf(prize),
  rules: shaped({
    starts_at: orNull(isCount),
    ends_at: orNull(isCount),
    draws_per_day: isCount,
    wins_per_user: orNull(isCount),
    inactive: isFlag,
  }),
  beacon: orNull(oneOf("used", "missing")),
  taken: recordOf(isCount),
  taken_today: recordOf(isCount),
  spare: recordOf(isSpare),
  moments: orNull(isHash),
  claimed: listOf(
    (value): value is number | string =>
      isCount(value) || (isText(value) && /^\d{1,19}$/.test(value)),
  ),
  draws: shaped({ ever: isCount, today: isCount }),
};

/** The table and the rules of a T line, and what was counted before it. */
export type Table = ReturnType<typeof readTable>;
export type TablePrize = Table["prizes"][number];

const WHOLE = 1_000_000_000;

export function readTable(json: string) {
  const table = parseShaped(json, TABLE);
  let before = 0;
  for (const { id, odds_to } of table.prizes) {
    if (odds_to < before || odds_to > WHOLE) {
      throw new Wrong(
        `the stretch of ${id} ends at ${odds_to}, which can't be`,
      );
    }
    before = odds_to;
  }
  if (new Set(table.prizes.map(({ id }) => id)).size < table.prizes.length) {
    throw new Wrong("a prize is in the table twice");
  }
  if (table.prizes.filter(({ fallback }) => fallback).length > 1) {
    throw new Wrong("the table has two fallbacks");
  }
  for (const spare of Object.values(table.spare)) {
    checkRanges(spare.all ?? []);
    checkRanges(spare.day ?? []);
  }
  return table;
}

function checkRanges(ranges: Range[]): void {
  let before = 0;
  for (const [first, last] of ranges) {
    if (first <= before || last < first) {
      throw new Wrong("spare numbers are not in order");
    }
    before = last;
  }
}
