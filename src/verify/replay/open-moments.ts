import type { Moment } from "../day/moments.js";
import { sha256Hex } from "../hash.js";
import type { Table } from "../log/table.js";
import { Wrong } from "../report.js";
import { isBefore } from "../rules/decide.js";
import { knownClaim } from "./draw.js";
import type { DayState, LogState } from "./state.js";

/** The hash of an empty list, of which moments.tsv has no line. */
const NO_MOMENTS = sha256Hex("");

/** Those of the list that a T line names, but for those that were won before. */
export function openMoments(
  day: DayState,
  log: LogState,
  table: Table,
  mayBeOthers: boolean,
): void {
  if (table.moments === null || !day.moments) return;
  const list =
    table.moments === NO_MOMENTS ? [] : day.moments.get(table.moments);
  if (!list) {
    throw new Wrong(
      `moments.tsv has no moments with the hash ${table.moments}`,
    );
  }
  const claimed = new Set(table.claimed.map(String));
  noteClaims(
    day,
    log,
    list.filter(({ id }) => claimed.has(id)),
    mayBeOthers,
  );
  const byPrize = new Map<string, Moment[]>();
  for (const moment of list) {
    if (claimed.has(moment.id)) continue;
    const line = knownClaim(day, log, moment.id);
    if (line !== undefined) {
      throw new Wrong(
        `moment ${moment.id} was won by line ${line}, and is open again`,
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

/** A moment is won by a line; else it would be a way to take it away. */
function noteClaims(
  day: DayState,
  log: LogState,
  claimed: Moment[],
  mayBeOthers: boolean,
): void {
  for (const { id } of claimed) {
    if (log.claimed.has(id)) continue;
    if (!mayBeOthers) {
      throw new Wrong(
        `moment ${id} is said to have been won before, and no line won it`,
      );
    }
    log.claimed.add(id);
    day.tally.claimsBefore += 1;
  }
}
