import { packMark, unpackMark } from "../kept/marks.js";
import type { Line } from "../log/line.js";
import { Wrong } from "../report.js";
import { noteRepeat } from "./may-draw.js";
import { countWin } from "./persons.js";
import { type DayState, type LogState, prizeIndex, rollOf } from "./state.js";

/** An R line: a win whose own line is lost. */
export function returnWin(
  day: DayState,
  log: LogState,
  line: Extract<Line, { kind: "R" }>,
): void {
  if (log.losses === 0) {
    throw new Wrong("a win comes back, and no line says that any were lost");
  }
  const { p, drawNo, outcome } = line;
  day.names.meet(p, log);
  const { high, low, roll } = rollOf(day, p, drawNo);
  log.returned.push({ outcome, roll, line: log.line });
  const before = day.draws.get(high, low);
  const mark = unpackMark(before);
  if (before !== 0 && mark.shard !== log.shard) {
    throw new Wrong(`${p} drew on shard ${mark.shard}, too`);
  }
  if (mark.stands && mark.won) {
    throw new Wrong(`a win of ${p} comes back, whose line is not lost`);
  }
  if (mark.stands) noteRepeat(day, log, { high, low }, false, true);
  day.wins.add({
    seq: line.seq,
    unit: outcome.unit,
    dayUnit: outcome.dayUnit,
    line: log.line,
    high,
    low,
    ...countWin(day, p),
    prize: prizeIndex(day, outcome.prize),
    shard: log.shard,
    returned: 1,
  });
  day.draws.set(
    high,
    low,
    packMark({ stands: true, won: true, shard: log.shard, losses: log.losses }),
  );
  log.isExplained = true;
  day.tally.returned += 1;
}

/** Whether any table of the log could have given the wins whose own lines are lost: one may be told behind them. */
export function checkReturned(
  { isKeyKnown }: DayState,
  { shard, returned, prizes, isLate }: LogState,
): void {
  const file = `log-${shard}.tsv`;
  for (const { outcome, roll, line } of returned) {
    const { prize, unit, dayUnit } = outcome;
    const { all, day, stretches, isFree } = prizes.most(prize);
    if (unit < 1 || dayUnit < 1 || unit > all || dayUnit > day) {
      throw new Wrong(
        `unit ${unit}, ${dayUnit} of the day, of ${prize} comes back, and no table of the log has so many`,
        { file, line },
      );
    }
    const isMet = stretches.some(([from, to]) => roll >= from && roll < to);
    if (isKeyKnown && !isLate && !isFree && !isMet) {
      throw new Wrong(
        `${prize} comes back for the roll ${roll}, to which no table of the log gives it`,
        { file, line },
      );
    }
  }
}
