import { own } from "../json.js";
import { readTable, type Table } from "../log/table.js";
import { Wrong } from "../report.js";
import { cellsOf } from "../rules/odds.js";
import { CountedPool, HeldPool } from "../rules/pool.js";
import type { Prize } from "../rules/prizes.js";
import { without } from "../rules/ranges.js";
import { openMoments } from "./open-moments.js";
import type { DayState, LogState } from "./state.js";
import { checkStated } from "./stated.js";

/** Draws of the day before may be counted so long after midnight. */
const EARLY_MS = 600_000;
/** After a loss rows that were on their way may still be counted so long. */
const LATE_MS = 600_000;

/** A T line: compares what it counts with the lines before, and puts its table in force. */
export function takeTable(
  day: DayState,
  log: LogState,
  at: number,
  json: string,
): void {
  const table = readTable(json);
  checkBeaconUse(day, table);
  const isFirst = log.table === undefined;
  const isEarly = at < day.seal.begins_at + EARLY_MS;
  const { jumps, unitsBefore } = checkStated(table, {
    prizes: log.prizes.known,
    draws: log.draws,
    back: log.back,
    isFirst,
    hadLoss: log.losses > 0,
    isExplained: log.isExplained || at < log.lostAt + LATE_MS,
    isEarly,
  });
  day.tally.jumps += jumps;
  day.tally.unitsBefore += unitsBefore;
  day.tally.tables += 1;
  if (log.table && isChanged(day, log, log.table, table))
    day.tally.changes += 1;
  day.holdings.end(at);
  log.table = table;
  log.draws = { ...table.draws };
  log.isExplained = false;
  log.inForce = log.prizes.of(table);
  // Prizes that are not in force keep their numbers, too.
  for (const prize of log.prizes.known.values()) setNumbers(prize, table, log);
  // Before the first line, by draws of the day before, or by lines that are lost, others may have won moments.
  openMoments(day, log, table, isFirst || isEarly || log.losses > 0);
  log.cells =
    log.inForce.length > 0 ? cellsOf(day.odds, log.inForce) : undefined;
}

function checkBeaconUse(day: DayState, { beacon }: Table): void {
  if ((beacon === null) !== (day.seal.beacon === null)) {
    throw new Wrong(
      "a T line names the beacon where the seal does, and only there",
    );
  }
  if (day.beacon !== undefined && day.beacon !== beacon) {
    throw new Wrong(
      `the beacon is ${beacon} here, but ${day.beacon} in a line before`,
    );
  }
  day.beacon = beacon;
}

function setNumbers(
  { id, rule, all, today }: Prize,
  table: Table,
  log: LogState,
): void {
  const isNamed = rule === table.prizes.find((it) => it.id === id);
  const spare = own(table.spare, id) ?? {};
  const taken = own(table.taken, id);
  if (!isNamed && taken === undefined) return;
  for (const [pool, counter, numbers] of [
    [all, taken ?? 0, spare.all ?? []],
    [today, own(table.taken_today, id) ?? 0, spare.day ?? []],
  ] as const) {
    if (pool instanceof CountedPool) pool.set(counter, numbers);
    if (pool instanceof HeldPool) {
      pool.counter = counter;
      pool.stretches.length = 0;
    }
  }
  const back = log.back.get(id);
  if (!back) return;
  back.all = without(back.all, spare.all ?? []);
  back.day = without(back.day, spare.day ?? []);
}

/** Whether somebody changed the prizes, the rules or the moments, other than by winning these. */
function isChanged(
  { moments }: DayState,
  { claimed }: LogState,
  before: Table,
  table: Table,
): boolean {
  const textOf = ({ prizes, rules }: Table) => JSON.stringify([prizes, rules]);
  if (textOf(before) !== textOf(table)) return true;
  if (before.moments === table.moments || !moments) return false;
  const idsOf = (hash: string | null) =>
    new Set(moments.get(hash ?? "")?.map(({ id }) => id));
  const [old, young] = [idsOf(before.moments), idsOf(table.moments)];
  return (
    [...young].some((id) => !old.has(id)) ||
    [...old].some((id) => !young.has(id) && !claimed.has(id))
  );
}
