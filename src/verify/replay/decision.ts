import { type Line, readOutcome } from "../log/line.js";
import { Wrong } from "../report.js";
import {
  type Decision,
  decide,
  outcomeOf,
  stretchOf,
} from "../rules/decide.js";
import { canGive } from "../rules/prizes.js";
import type { DayState, LogState } from "./state.js";

type Draw = Extract<Line, { kind: "D" }>;

/** The outcome by the rules, which must be that of the line. `isOver`: whether the person has all wins; undefined: no limit. */
export function decisionOf(
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
