import { unpackMark } from "../kept/marks.js";
import type { Line } from "../log/line.js";
import { Wrong } from "../report.js";
import type { Rolled } from "../rules/rolls.js";
import { type DayState, type LogState, rollOf } from "./state.js";

type Draw = Extract<Line, { kind: "D" }>;

/** So late after its end a draw of a day may be decided. */
const LATE_MS = 60_000;

/** Whether a person may make this draw. Returns whether it is decided again, after a V line. */
export function mayDraw(
  day: DayState,
  log: LogState,
  draw: Draw,
  { high, low }: Rolled,
): boolean {
  const { rules } = log.table ?? {};
  const { p, drawNo, at } = draw;
  const before = day.draws.get(high, low);
  const mark = unpackMark(before);
  if (before !== 0 && mark.shard !== log.shard) {
    throw new Wrong(`${p} drew on shard ${mark.shard}, too`);
  }
  if (before !== 0 && !mark.stands) {
    // After a loss it may be decided again, or drawn again and counted so.
    if (mark.losses < log.losses) log.isExplained = true;
    return true;
  }
  if (before !== 0 && mark.losses === log.losses) {
    throw new Wrong(`${p} made draw ${drawNo} before, in an earlier line`);
  }
  if (before !== 0)
    noteRepeat(day, log, { high, low }, mark.won, draw.outcome !== "-");
  if (rules?.inactive)
    throw new Wrong("the campaign is not active, so nothing is decided");
  if (rules && rules.starts_at !== null && at < rules.starts_at) {
    throw new Wrong("the campaign has not started, so nothing is decided");
  }
  if (rules && rules.ends_at !== null && at >= rules.ends_at) {
    throw new Wrong("the campaign is over, so nothing is decided");
  }
  // Who asks just before midnight is decided just after it, and draws on the day before.
  const { begins_at, ends_at } = day.seal;
  if (at < begins_at || at >= ends_at + LATE_MS) {
    throw new Wrong("the moment of this draw is not on this day");
  }
  if (drawNo < 1 || drawNo > (rules?.draws_per_day ?? 1)) {
    throw new Wrong(
      `draw ${drawNo}, but a person has ${rules?.draws_per_day} a day`,
    );
  }
  if (drawNo > 1 && log.losses === 0) {
    const earlier = rollOf(day, p, drawNo - 1);
    if (day.draws.get(earlier.high, earlier.low) === 0) {
      throw new Wrong(
        `${p} makes draw ${drawNo} and never made draw ${drawNo - 1}`,
      );
    }
  }
  return false;
}

/** Redis forgot the draw, so it was made again. At the day's end one win of it may stand. */
export function noteRepeat(
  day: DayState,
  { shard, line }: LogState,
  { high, low }: { high: number; low: number },
  hadWon: boolean,
  hasWon: boolean,
): void {
  const key = `${high} ${low}`;
  const before = day.repeated.get(key) ?? { draws: 1, wins: hadWon ? 1 : 0 };
  const wins = before.wins + (hasWon ? 1 : 0);
  day.repeated.set(key, { draws: before.draws + 1, wins, shard, line });
  day.tally.repeats += 1;
}
