import { packMark, unpackMark } from "../kept/marks.js";
import { Wrong } from "../report.js";
import { uncountWin } from "./persons.js";
import type { DayState, LogState } from "./state.js";

/** A V line: a win came to nothing. */
export function voidWin(day: DayState, log: LogState, seq: number): void {
  const row = day.wins.rowOf(seq);
  const win = day.wins.at(row);
  const isLost = log.lost.some(([from, to]) => seq >= from && seq <= to);
  if (row < 0 && isLost) return; // its line is gone
  if (row < 0) throw new Wrong(`there is no win with seq ${seq}`);
  // Whoever took it back before a loss may not know.
  if (win.isVoid && win.line < log.lostLine) return;
  if (win.isVoid)
    throw new Wrong(`the win with seq ${seq} was taken back before`);
  day.wins.void(row);
  const { high, low } = win;
  const repeated = day.repeated.get(`${high} ${low}`);
  const mark = unpackMark(day.draws.get(high, low));
  if (repeated && repeated.draws > 1) {
    repeated.draws -= 1;
    repeated.wins -= 1;
    day.draws.set(high, low, packMark({ ...mark, won: repeated.wins > 0 }));
  } else {
    day.draws.set(high, low, packMark({ ...mark, stands: false, won: false }));
  }
  for (const [moment, rows] of day.claims) {
    if (!rows.includes(row)) continue;
    const others = rows.filter((it) => it !== row);
    if (others.length > 0) day.claims.set(moment, others);
    else day.claims.delete(moment);
  }
  uncountWin(day, win);
  const id = day.prizes[win.prize] ?? "";
  const back = log.back.get(id) ?? { all: [], day: [] };
  back.all.push([win.unit, win.unit]);
  back.day.push([win.dayUnit, win.dayUnit]);
  log.back.set(id, back);
  log.isExplained = true;
  day.tally.voids += 1;
  if (!win.returned) day.tally.voidedDraws += 1;
}
