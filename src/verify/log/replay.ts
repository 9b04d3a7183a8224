import { counted, Wrong } from "../report.js";
import { noteRepeat, replayDraw } from "./draw.js";
import { type Line, readLine } from "./line.js";
import { packMark, unpackMark } from "./marks.js";
import { countWin, uncountWin } from "./persons.js";
import type { HeldPool } from "./pool.js";
import { type DayState, type LogState, prizeIndex } from "./state.js";
import type { Range } from "./table.js";
import { takeTable } from "./take-table.js";

/** Replays one line of a log. Throws Wrong where the line is not what the rules and the lines before make. */
export function replayLine(day: DayState, log: LogState, text: string): void {
  const line = readLine(text);
  checkSeq(log, line);
  if (line.at < log.at) {
    day.tally.backwards = Math.max(day.tally.backwards, log.at - line.at);
  }
  if (line.at < day.seal.sealed_at) {
    throw new Wrong("this line is older than the seal");
  }
  switch (line.kind) {
    case "D":
      replayDraw(day, log, line);
      break;
    case "T":
      takeTable(day, log, line.at, line.json);
      break;
    case "V":
      voidWin(day, log, line.draw);
      break;
    case "G":
      lose(day, log, line);
      break;
    case "R":
      returnWin(day, log, line);
      break;
    case "L":
      hold(day, log, line);
  }
  log.seq = line.seq;
  log.at = Math.max(log.at, line.at);
}

function checkSeq(log: LogState, line: Line): void {
  const next = log.seq + 1;
  if (line.kind !== "G" && line.seq !== next) {
    throw new Wrong(`seq is ${line.seq}, and should be ${next}`);
  }
  if (
    line.kind === "G" &&
    (line.seq !== line.to + 1 || line.seq < next || line.from > next)
  ) {
    throw new Wrong(
      `numbers ${line.from} to ${line.to} are said to be lost, which does not fit seq ${line.seq} behind ${log.seq}`,
    );
  }
}

/** A V line: a win came to nothing. */
function voidWin(day: DayState, log: LogState, seq: number): void {
  const row = day.wins.rowOf(seq);
  const win = day.wins.at(row);
  if (row < 0) throw new Wrong(`there is no win with seq ${seq}`);
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
  for (const [moment, of] of day.claims) {
    if (of === row) day.claims.delete(moment);
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

/** A G line: Redis lost data. */
function lose(
  day: DayState,
  log: LogState,
  line: Extract<Line, { kind: "G" }>,
): void {
  log.losses += 1;
  log.lostAt = line.at;
  log.lost.push([line.from, line.to]);
  log.isExplained = true;
  day.holdings.end(log.at);
  day.tally.gaps += 1;
  day.tally.gapNumbers += line.to - log.seq;
}

/** An R line: a win whose own line is lost. */
function returnWin(
  day: DayState,
  log: LogState,
  line: Extract<Line, { kind: "R" }>,
): void {
  if (log.losses === 0) {
    throw new Wrong("a win comes back, and no line says that any were lost");
  }
  const { p, drawNo, outcome } = line;
  day.names.meet(p, log);
  const { high, low } = day.rolls[
    day.beacon === "missing" ? "missing" : "used"
  ](p, drawNo);
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

/** An L line: numbers that the shard may take from here on, or fewer of them. */
function hold(
  day: DayState,
  log: LogState,
  line: Extract<Line, { kind: "L" }>,
): void {
  if (day.seal.shards === 1)
    throw new Wrong("the campaign is on one shard, which holds all numbers");
  const { prize: id, pool, from, to, at } = line;
  // Those before a table are told again behind it.
  const prize = log.prizes.known.get(id);
  if (!prize) return;
  const quota = log.prizes.most(id)[pool];
  if (to > quota) {
    throw new Wrong(
      `numbers of ${id} up to ${counted(to)}, but its quota is ${counted(quota)}`,
    );
  }
  const held = (pool === "all" ? prize.all : prize.today) as HeldPool;
  const gone: Range | undefined = held.hold(from, to);
  if (gone) day.holdings.cut(id, pool, gone, at);
  else {
    const { shard, line: number } = log;
    day.holdings.hold({
      shard,
      prize: id,
      pool,
      range: [from, to],
      since: at,
      line: number,
    });
  }
}
