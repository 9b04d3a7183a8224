import { NUMBER } from "../hashes/bytes.js";
import { explain } from "./explain.js";
import { giveByMoment, giveByOdds, giveFor } from "./table.js";

/**
 * @typedef {import("./shard.js").Day} Day
 * @typedef {import("./shard.js").State} State
 * @typedef {import("./table.js").Table} Table
 * @typedef {{ p: string, no: string, roll: number, at: number, outcome: string, how: string }} Draw
 */

const P = { sealed: /^[0-9a-f]{32}$/, open: /^[A-Za-z0-9_-]+$/ };

/** How long after midnight a draw of the day may still be decided, in milliseconds. */
export const LATEST = 60_000;

/** A D line: who drew, by which roll, and what the rules give to it. @param {Day} day @param {State} state @param {{ seq: number, at: number, rest: string[] }} line */
export function replayDraw(day, state, { seq, at, rest }) {
  const { seal, people, rollOf, wrong, watch } = day;
  const [p = "", no = "", rollText = "", outcome = "", how = ""] = rest;
  if (!P[seal.names].test(p) || !NUMBER.test(no) || !NUMBER.test(rollText)) {
    wrong("log", "This is no line of a draw.");
    return;
  }
  const draw = { p, no, roll: Number(rollText), at, outcome, how };
  if (at < seal.sealed_at - 1_000)
    wrong("seal", "It was drawn before the seal.");
  // A clock's last step may be taken back by some milliseconds.
  if (at < seal.begins_at - 1_000 || at >= seal.ends_at + LATEST) {
    wrong("log", "The moment of this draw is not on this day.");
  }
  const before = people.winsOf(p);
  const isAgain = people.draw(p, no, outcome, state.gaps);
  if (!isAgain) state.draws += 1;
  const { table } = state;
  if (!table) {
    wrong("outcomes", "No rules are in force yet.");
    return;
  }
  const right = rollOf?.(table.beacon, p, no);
  if (right !== undefined && right !== draw.roll) {
    wrong("rolls", `The roll is ${right}, and ${rollText} stands here.`);
  }
  if (!isAgain) checkRules(day, table, draw);
  if (watch?.p === p) watch.found(explain(table, draw, state.line));
  decide(day, state, { table, draw, before });
  if (outcome !== "-") spend(state, { table, draw, seq });
}

/** Whether anybody could draw then. @param {Day} day @param {Table} table @param {Draw} draw */
function checkRules({ wrong }, { rules }, { no, at }) {
  const { starts_at, ends_at, inactive, draws_per_day } = rules;
  const isClosed =
    inactive ||
    (starts_at !== null && at < starts_at) ||
    (ends_at !== null && at >= ends_at);
  if (isClosed) {
    wrong("outcomes", "By the rules nobody could draw at this moment.");
  }
  if (Number(no) < 1 || Number(no) > draws_per_day) {
    wrong("once", `Draw number ${no}, and the rules give ${draws_per_day}.`);
  }
}

/** @param {Day} day @param {State} state @param {{ table: Table, draw: Draw, before: number }} of  `before`: wins of this person */
function decide({ seal, people, wrong }, state, { table, draw, before }) {
  const { roll, at, outcome, how } = draw;
  if (!table.moments) {
    state.secret += 1;
    return;
  }
  const isAlone = seal.shards === 1;
  // Several shards share the moments, and only their logs together tell who came first.
  const mayBeOther = !isAlone && how === "moment";
  const given = isAlone
    ? giveFor(table, roll, at)
    : mayBeOther
      ? giveByMoment(table, outcome, at)
      : giveByOdds(table, roll, at);
  const unit = given && `${given.prize.id}:${given.unit}:${given.dayUnit}`;
  const most = table.rules.wins_per_user;
  let right = { outcome: unit ?? "-", how: given?.how ?? "" };
  const isOver = most !== null && before >= most;
  // A win that Redis forgot may be taken back later: what stands in the end is counted then.
  const mayCount = isOver && state.gaps > 0 && outcome !== "-";
  if (mayCount) {
    people.limit(draw.p, most);
  } else if (isOver) {
    // One of several shards may hold no number, and another does.
    const mayWin = given || (!isAlone && how === "limited");
    right = { outcome: "-", how: mayWin ? "limited" : "" };
  } else if (most !== null && given && how === "limited" && outcome === "-") {
    // Wins of other days count, too, and stand in their logs.
    const { ever, today } = table.draws;
    if (ever > today) right = { outcome, how };
    state.limited += 1;
  }
  if (outcome !== right.outcome || how !== right.how) {
    wrong(
      "outcomes",
      `By the rules it is ${inWords(right)}, and ${inWords({ outcome, how })} stands here.`,
    );
  }
}

/** @param {{ outcome: string, how: string }} of */
const inWords = ({ outcome, how }) =>
  `${outcome === "-" ? "no prize" : outcome}${how && ` (${how})`}`;

/** What stands in the log is what counts from here on. @param {State} state @param {{ table: Table, draw: Draw, seq: number }} of */
function spend(state, { table, draw, seq }) {
  const { p, no, outcome, how } = draw;
  const [id = "", unit, dayUnit] = outcome.split(":");
  const pools = table.pools.get(id);
  pools?.all.take(Number(unit));
  pools?.day.take(Number(dayUnit));
  let moment;
  if (how === "moment" && table.moments) {
    const at = table.moments.findIndex(({ prize }) => prize === id);
    if (at >= 0) [moment] = table.moments.splice(at, 1);
  }
  if (moment) {
    state.claims.add(moment.id);
    state.told.add(moment.id);
  }
  state.wins.set(seq, { p, no, outcome, isDraw: true, moment: moment?.id });
}
