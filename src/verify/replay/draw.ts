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
  const isOver =
    limit === null ? undefined : isOverLimit(day, log, draw, limit);
  const decision = decisionOf(day, log, draw, isOver);
  const { prize, moment } = decision;
  if (prize) {
    const row = day.wins.count;
    if (moment) claim(day, log, moment.id, row);
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

/**
 * Whether the person has all wins that one may have. A win that Redis has forgotten may be taken back later, so that behind a loss the
 * draw wins all the same: what stands in the end is counted then.
 */
function isOverLimit(
  day: DayState,
  log: LogState,
  { p, outcome }: Draw,
  limit: number,
): boolean {
  const isOver = winsOf(day, p) >= limit;
  if (!isOver || log.losses === 0 || outcome === "-") return isOver;
  day.overLimit.set(p, { limit, shard: log.shard, line: log.line });
  return false;
}

/** Two shards, or two servers after a loss, may give a moment to two draws: Postgres refuses one of them, and a V line follows. */
function claim(day: DayState, log: LogState, id: string, row: number): void {
  const before = day.claims.get(id) ?? [];
  const known = knownClaim(day, log, id);
  if (known) throw new Wrong(`moment ${id} was won before, by line ${known}`);
  day.claims.set(id, [...before, row]);
  log.claimed.add(id);
}

/** The line of this log by which a moment was won, of those that Redis has not lost. */
export function knownClaim(
  day: DayState,
  log: LogState,
  id: string,
): number | undefined {
  return (day.claims.get(id) ?? [])
    .map((row) => day.wins.at(row))
    .find(({ shard, line }) => shard === log.shard && line > log.lostLine)
    ?.line;
}

/** Whether nothing but the odds decides, whatever the roll: such draws show whether rolls are as chance makes them. */
const isByOdds = ({ inForce }: LogState, at: number): boolean =>
  inForce.every((prize) => canGive(prize, at)) && !dueMoment(inForce, at);
