import { type Line, readLine } from "../log/line.js";
import { Wrong } from "../report.js";
import { replayDraw } from "./draw.js";
import { hold } from "./hold.js";
import { returnWin } from "./return-win.js";
import type { DayState, LogState } from "./state.js";
import { takeTable } from "./take-table.js";
import { voidWin } from "./void-win.js";

/** How far the clocks of servers may be apart. */
const CLOCKS_MS = 1_000;

/** Replays one line of a log. Throws Wrong where the line is not what the rules and the lines before make. */
export function replayLine(day: DayState, log: LogState, text: string): void {
  const line = readLine(text);
  checkSeq(log, line);
  if (line.at < log.at) {
    day.tally.backwards = Math.max(day.tally.backwards, log.at - line.at);
  }
  // Behind a line that is younger it is the clock that went back.
  if (Math.max(line.at, log.at) < day.seal.sealed_at - CLOCKS_MS) {
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

/** A G line: Redis lost data. */
function lose(
  day: DayState,
  log: LogState,
  line: Extract<Line, { kind: "G" }>,
): void {
  log.losses += 1;
  if (log.line === 1 && line.reason === "drawn_before") log.isLate = true;
  log.lostAt = line.at;
  log.lostLine = log.line;
  log.lost.push([line.from, line.to]);
  log.isExplained = true;
  day.holdings.end(log.at);
  day.tally.gaps += 1;
  day.tally.gapNumbers += line.to - log.seq;
}
