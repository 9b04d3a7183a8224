import type { Moment } from "../day/moments.js";
import { sha256Hex } from "../hash.js";
import { readTable, type Table } from "../log/table.js";
import { Wrong } from "../report.js";
import { isBefore } from "../rules/decide.js";
import { cellsOf } from "../rules/odds.js";
import { CountedPool, HeldPool } from "../rules/pool.js";
import type { Prize } from "../rules/prizes.js";
import { without } from "../rules/ranges.js";
import type { DayState, LogState } from "./state.js";
import { checkStated } from "./stated.js";

/** Draws of the day before may be counted so long after midnight. */
const EARLY_MS = 600_000;
/** After a loss rows that were on their way may still be counted so long. */
const LATE_MS = 600_000;
/** The hash of an empty list, of which moments.tsv has no line. */
const NO_MOMENTS = sha256Hex("");

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
  day.tally.jumps += checkStated(table, {
    prizes: log.prizes.known,
    draws: log.draws,
    back: log.back,
    isFirst,
    hadLoss: log.losses > 0,
    isExplained: log.isExplained || at < log.lostAt + LATE_MS,
    isEarly: at < day.seal.begins_at + EARLY_MS,
  });
  day.tally.tables += 1;
  day.holdings.end(at);
  log.table = table;
  log.draws = { ...table.draws };
  log.isExplained = false;
  log.inForce = log.prizes.of(table);
  // Prizes that are not in force keep their numbers, too.
  for (const prize of log.prizes.known.values()) setNumbers(prize, table, log);
  openMoments(day, log, table);
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
  if (!isNamed && !(id in table.taken) && !(id in table.spare)) return;
  const spare = table.spare[id] ?? {};
  for (const [pool, counter, numbers] of [
    [all, table.taken[id] ?? 0, spare.all ?? []],
    [today, table.taken_today[id] ?? 0, spare.day ?? []],
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

/** Those of the list that a T line names, but for those that were won before. */
function openMoments(day: DayState, log: LogState, table: Table): void {
  if (table.moments === null || !day.moments) return;
  const list =
    table.moments === NO_MOMENTS ? [] : day.moments.get(table.moments);
  if (!list) {
    throw new Wrong(
      `moments.tsv has no moments with the hash ${table.moments}`,
    );
  }
  const claimed = new Set(table.claimed.map(String));
  const byPrize = new Map<string, Moment[]>();
  for (const moment of list) {
    if (claimed.has(moment.id)) continue;
    const row = day.claims.get(moment.id);
    if (row !== undefined && day.wins.at(row).shard === log.shard) {
      throw new Wrong(
        `moment ${moment.id} was won by line ${day.wins.at(row).line}, and is open again`,
      );
    }
    const open = byPrize.get(moment.prize) ?? [];
    byPrize.set(moment.prize, open);
    open.push(moment);
  }
  for (const prize of log.inForce) {
    const moments = prize.rule.moments ? (byPrize.get(prize.id) ?? []) : [];
    prize.moments = moments.sort((a, b) => (isBefore(a, b) ? 1 : -1));
  }
}
