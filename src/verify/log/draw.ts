import { Wrong } from "../report.js";
import {
  carryOut,
  type Decision,
  decide,
  dueMoment,
  outcomeOf,
  stretchOf,
} from "./decide.js";
import { type Line, readOutcome } from "./line.js";
import { packMark, unpackMark } from "./marks.js";
import { countRoll } from "./odds.js";
import { countWin, winsOf } from "./persons.js";
import { canGive, dayUnitOf, unitOf } from "./prizes.js";
import type { Rolled } from "./rolls.js";
import type { DayState, LogState } from "./state.js";

type Draw = Extract<Line, { kind: "D" }>;

/** A D line: whether its person may draw, its roll, and what the rules give to it. */
export function replayDraw(day: DayState, log: LogState, draw: Draw): void {
  const { table } = log;
  if (!table) throw new Wrong("there is a draw, and no table is in force yet");
  const { p, drawNo, at } = draw;
  day.names.meet(p, log);
  const { roll, high, low } = day.rolls[
    day.beacon === "missing" ? "missing" : "used"
  ](p, drawNo);
  if (day.isKeyKnown && roll !== draw.roll) {
    throw new Wrong(
      `the roll of this draw is ${roll}, but the line says ${draw.roll}`,
    );
  }
  const isAgain = mayDraw(day, log, draw, { roll, high, low });
  if (log.cells && isByOdds(log, at))
    countRoll(log.cells, log.inForce, draw.roll);

  const limit = table.rules.wins_per_user;
  const isOver = limit === null ? undefined : winsOf(day, p) >= limit;
  const decision = decisionOf(day, log, draw, isOver);
  const { prize, moment } = decision;
  if (prize) {
    const row = day.wins.count;
    if (moment) claim(day, moment.id, row);
    day.wins.add({
      seq: draw.seq,
      unit: unitOf(prize),
      dayUnit: dayUnitOf(prize, at),
      line: log.line,
      high,
      low,
      ...countWin(day, p),
      prize: prize.index,
      shard: log.shard,
      returned: 0,
    });
    carryOut(decision, at);
  }
  const mark = {
    stands: true,
    won: prize !== undefined,
    shard: log.shard,
    losses: log.losses,
  };
  day.draws.set(high, low, packMark(mark));
  day.tally.draws += 1;
  if (isAgain) {
    day.tally.decidedAgain += 1;
  } else {
    log.draws.ever += 1;
    log.draws.today += 1;
  }
}

/** Who asks just before the day's end may be answered so much after it. */
const LATEST_MS = 60_000;

/** Returns whether it is decided again, after a V line. */
function mayDraw(
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
  if (at < day.seal.begins_at || at >= day.seal.ends_at + LATEST_MS) {
    throw new Wrong("the moment of this draw is not on this day");
  }
  if (drawNo < 1 || drawNo > (rules?.draws_per_day ?? 1)) {
    throw new Wrong(
      `draw ${drawNo}, but a person has ${rules?.draws_per_day} a day`,
    );
  }
  if (drawNo > 1 && log.losses === 0) {
    const earlier = day.rolls[day.beacon === "missing" ? "missing" : "used"](
      p,
      drawNo - 1,
    );
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

/** The outcome by the rules, which must be that of the line. `isOver`: whether the person has all wins; undefined: no limit. */
function decisionOf(
  day: DayState,
  log: LogState,
  { roll, at, outcome, how }: Draw,
  isOver: boolean | undefined,
): Decision {
  const mayBeMoment = log.table?.moments !== null && !day.moments;
  if (mayBeMoment && how === "moment" && !isOver)
    return unseenMoment(day, log, outcome, at);
  const decision = decide(log.inForce, roll, at);
  const met = log.inForce[stretchOf(log.inForce, roll)];
  if (day.seal.shards > 1 && met && !canGive(met, at)) day.tally.noneHeld += 1;
  const isLimited = how === "limited" && isOver !== undefined;
  const wouldWin = decision.prize !== undefined || (mayBeMoment && isLimited);
  if (isLimited && !isOver && wouldWin) day.tally.unknownLimits += 1;
  if (isOver || (isLimited && wouldWin)) {
    if (wouldWin) day.tally.limited += 1;
    compare("-", wouldWin ? "limited" : "", outcome, how);
    return { prize: undefined, how: "" };
  }
  compare(outcomeOf(decision, at), decision.how, outcome, how);
  return decision;
}

function compare(
  made: string,
  madeHow: string,
  said: string,
  saidHow: string,
): void {
  if (made === said && madeHow === saidHow) return;
  const inWords = (outcome: string, how: string) =>
    `${outcome === "-" ? "no prize" : outcome}${how && ` (${how})`}`;
  throw new Wrong(
    `by the rules this draw gets ${inWords(made, madeHow)}, but the line says ${inWords(said, saidHow)}`,
  );
}

/** Before the day is closed nobody else knows its moments: only the numbers can be checked. */
function unseenMoment(
  day: DayState,
  log: LogState,
  outcome: string,
  at: number,
): Decision {
  const prize = log.inForce.find(({ id }) => id === readOutcome(outcome).prize);
  if (!prize?.rule.moments) throw new Wrong("this prize has no moments");
  if (!canGive(prize, at)) throw new Wrong(`${prize.id} has no unit to give`);
  day.tally.unseenMoments += 1;
  compare(outcomeOf({ prize, how: "moment" }, at), "moment", outcome, "moment");
  return { prize, how: "moment" };
}

function claim(day: DayState, id: string, row: number): void {
  const before = day.claims.get(id);
  if (before !== undefined) {
    const { shard, line } = day.wins.at(before);
    throw new Wrong(`moment ${id} was won before, by log-${shard}.tsv:${line}`);
  }
  day.claims.set(id, row);
}

/** Whether nothing but the odds decides, whatever the roll: such draws show whether rolls are as chance makes them. */
const isByOdds = ({ inForce }: LogState, at: number): boolean =>
  inForce.every((prize) => canGive(prize, at)) && !dueMoment(inForce, at);
