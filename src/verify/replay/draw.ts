import { packMark } from "../kept/marks.js";
import type { Line } from "../log/line.js";
import { Wrong } from "../report.js";
import { carryOut, dueMoment } from "../rules/decide.js";
import { countRoll } from "../rules/odds.js";
import { canGive, dayUnitOf, unitOf } from "../rules/prizes.js";
import { decisionOf } from "./decision.js";
import { mayDraw } from "./may-draw.js";
import { countWin, winsOf } from "./persons.js";
import { type DayState, type LogState, rollOf } from "./state.js";

export type Draw = Extract<Line, { kind: "D" }>;

/** A D line: whether its person may draw, its roll, and what the rules give to it. */
export function replayDraw(day: DayState, log: LogState, draw: Draw): void {
  const { table } = log;
  if (!table) throw new Wrong("there is a draw, and no table is in force yet");
  const { p, drawNo, at } = draw;
  day.names.meet(p, log);
  const { roll, high, low } = rollOf(day, p, drawNo);
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
