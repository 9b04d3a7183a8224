import { explain } from "./explain.js";
import { createTable, giveByOdds, giveFor } from "./table.js";

/**
 * Replays the log of one shard, line by line: what each line may say follows from those before it.
 *
 * @typedef {{
 *   campaign: string, day: string, begins_at: number, ends_at: number, sealed_at: number, names: "sealed" | "open",
 *   shards: number, seed_hash: string, previous: { day: string } | null,
 *   beacon: { round: number } | null, engine_hash: string, names_hash: string | null
 * }} Seal
 * @typedef {import("./table.js").Table} Table
 * @typedef {"log" | "seal" | "rolls" | "once" | "outcomes"} Question  which step a line is wrong in
 * @typedef {{
 *   seal: Seal,
 *   people: import("./people.js").People,
 *   momentsOf: (hash: string) => import("./table.js").Moment[] | undefined,
 *   rollOf?: ((beacon: string | null, p: string, no: string) => number) | undefined,
 *   wrong: (question: Question, sentence: string) => void,
 *   watch?: { p: string, found: (draw: import("./explain.js").Explained) => void } | undefined,
 * }} Day  `rollOf`: where the seed is known; `watch`: whose draws are told, with what decided them
 */

const P = { sealed: /^[0-9a-f]{32}$/, open: /^[A-Za-z0-9_-]+$/ };
const NUMBER = /^(0|[1-9]\d{0,14})$/;

/** How long after midnight a draw of the day may still be decided, in milliseconds. */
const LATEST = 600_000;

/** @param {Day} day */
export function createShard({ seal, people, momentsOf, rollOf, wrong, watch }) {
  const isAlone = seal.shards === 1;
  /** @type {Table | undefined} */
  let table;
  let last = -1;
  let gaps = 0;
  let unexplained = true; // nothing but a T line changes what was taken
  let line = 0;
  /** what no line here can tell: limited by wins of other days, or by moments not known yet */
  const open = { limited: 0, moments: 0, tables: 0, voided: 0 };
  /** @type {Map<number, { p: string, no: string, outcome: string, isDraw: boolean }>} wins by their seq */
  const wins = new Map();

  /** @param {string} text */
  function take(text) {
    line += 1;
    const fields = text.split("\t");
    const [seqText = "", atText = "", kind, ...rest] = fields;
    if (!NUMBER.test(seqText) || !NUMBER.test(atText)) {
      wrong("log", "This is no line of a log.");
      return;
    }
    const seq = Number(seqText);
    const at = Number(atText);
    follow(seq, kind === "G" ? rest : undefined);
    if (kind === "D" && rest.length === 5) draw(seq, at, rest);
    else if (kind === "T" && rest.length === 2) putInForce(at, rest);
    else if (kind === "V" && rest.length === 1) makeVoid(Number(rest[0]));
    else if (kind === "R" && rest.length === 3) restore(seq, rest);
    else if (kind === "L" && rest.length === 4) hold(rest);
    else if (kind !== "G" || rest.length !== 3) {
      wrong("log", "This is no line of a log.");
    }
  }

  /** @param {number} seq @param {string[] | undefined} gap */
  function follow(seq, gap) {
    if (!gap) {
      if (seq !== last + 1) {
        wrong("log", `Line number ${last + 1} should be here, not ${seq}.`);
      }
    } else {
      const [from, to] = gap.map(Number);
      if (seq !== (to ?? 0) + 1 || (from ?? 0) > last + 1 || seq <= last) {
        wrong("log", "The numbers that this line declares lost don't fit.");
      }
      gaps += 1;
      unexplained = false;
    }
    last = seq;
  }

  /** @param {number} seq @param {number} at @param {string[]} rest */
  function draw(seq, at, [p = "", no = "", rollText = "", outcome = "", how]) {
    if (!P[seal.names].test(p) || !NUMBER.test(no) || !NUMBER.test(rollText)) {
      wrong("log", "This is no line of a draw.");
      return;
    }
    if (at < seal.sealed_at) wrong("seal", "It was drawn before the seal.");
    // A clock's last step may be taken back by some milliseconds.
    if (at < seal.begins_at - 1_000 || at >= seal.ends_at + LATEST) {
      wrong("log", "This draw is not of this day.");
    }
    const roll = Number(rollText);
    const isAgain = people.draw(p, no, outcome, gaps);
    if (outcome !== "-") wins.set(seq, { p, no, outcome, isDraw: true });
    if (!table) {
      wrong("outcomes", "No rules are in force yet.");
      return;
    }
    if (rollOf) {
      const right = rollOf(table.beacon, p, no);
      if (right !== roll) {
        wrong("rolls", `The roll must be ${right}, and ${roll} stands here.`);
      }
    }
    const { starts_at, ends_at, inactive, draws_per_day } = table.rules;
    const isClosed =
      inactive ||
      (starts_at !== null && at < starts_at) ||
      (ends_at !== null && at >= ends_at);
    if (isClosed && !isAgain) {
      wrong("outcomes", "By the rules nobody could draw at this moment.");
    }
    if (Number(no) < 1 || (Number(no) > draws_per_day && !isAgain)) {
      wrong("once", `There are ${draws_per_day} draws a day.`);
    }
    decide(table, { p, no, roll, at, outcome, how: how ?? "" });
  }

  /** @param {Table} table @param {{ p: string, no: string, roll: number, at: number, outcome: string, how: string }} draw */
  function decide(table, draw) {
    const { p, roll, at, outcome, how } = draw;
    const given = isAlone
      ? giveFor(table, roll, at)
      : how === "moment"
        ? byMoment(table, outcome, at)
        : giveByOdds(table, roll, at);
    if (watch?.p === p) watch.found(explain(table, draw, line));
    const most = table.rules.wins_per_user;
    const isWon = outcome !== "-";
    const before = people.winsOf(p) - (isWon ? 1 : 0);
    const right = given
      ? `${given.prize.id}:${given.unit}:${given.dayUnit}`
      : "-";
    let isRight = outcome === right && how === (given?.how ?? "");
    if (most !== null && before >= most && (given || !isAlone)) {
      // Of several shards this one may hold no number where another does.
      isRight = !isWon && (how === "limited" || (!given && how === ""));
    } else if (how === "limited" && most !== null && given && !isWon) {
      // Wins of other days count, too, and stand in their logs.
      isRight = table.draws?.ever !== table.draws?.today;
      open.limited += 1;
    }
    if (!table.moments) {
      open.moments += 1;
      isRight = true;
    }
    if (!isRight) {
      const said = given ? `${right} ${given.how}`.trim() : "no prize";
      const stands = isWon ? `${outcome} ${how}`.trim() : how || "no prize";
      wrong(
        "outcomes",
        `By the rules it is ${said}, and ${stands} stands here.`,
      );
    }
    if (isWon) spend(table, outcome, how);
  }

  /** On several shards: one of those due, whose ever. @param {Table} table @param {string} outcome @param {number} at */
  function byMoment(table, outcome, at) {
    const [id] = outcome.split(":");
    const moment = table.moments?.find((it) => it.prize === id && it.at <= at);
    const prize = moment && table.byId.get(moment.prize);
    const unit = prize?.moments ? table.unitOf(prize, at) : undefined;
    return unit && { ...unit, how: "moment" };
  }

  /** What stands in the log is what counts from here on. @param {Table} table @param {string} outcome @param {string} how */
  function spend(table, outcome, how) {
    const [id = "", unit, dayUnit] = outcome.split(":");
    const pools = table.pools.get(id);
    pools?.all.take(Number(unit));
    pools?.day.take(Number(dayUnit));
    if (how !== "moment") return;
    const at = table.moments?.findIndex(({ prize }) => prize === id) ?? -1;
    if (at >= 0) table.moments?.splice(at, 1);
  }

  /** @param {number} at @param {string[]} rest */
  function putInForce(at, [version = "", text = ""]) {
    const before = table;
    try {
      table = createTable(version, text, { shards: seal.shards, momentsOf });
    } catch {
      wrong("outcomes", "This is no table of prizes.");
      return;
    }
    if ((table.beacon === null) !== (seal.beacon === null)) {
      wrong("seal", "The beacon is not the one that was sealed.");
    }
    if (before && unexplained && at > seal.begins_at + LATEST) {
      for (const [id, pools] of before.pools) {
        const said = table.taken[id] ?? 0;
        if (table.byId.has(id) && said > pools.all.counted()) {
          wrong(
            "outcomes",
            `It counts ${said} of ${id}, and ${pools.all.counted()} are in the log.`,
          );
        }
      }
    }
    unexplained = true;
    open.tables += 1;
  }

  /** @param {number} seq */
  function makeVoid(seq) {
    const win = wins.get(seq);
    unexplained = false;
    open.voided += 1;
    if (!win && gaps === 0) wrong("outcomes", `Line ${seq} is no win.`);
    if (!win) return;
    wins.delete(seq);
    people.void(win.p, win.no, win.outcome, win.isDraw, gaps);
  }

  /** @param {number} seq @param {string[]} rest */
  function restore(seq, [p = "", no = "", outcome = ""]) {
    people.restore(p, no, outcome, gaps);
    wins.set(seq, { p, no, outcome, isDraw: false });
    if (table) spend(table, outcome, "");
    unexplained = false;
  }

  /** @param {string[]} rest */
  function hold([id = "", pool, from, to]) {
    const pools = table?.pools.get(id);
    if (isAlone || (pool !== "all" && pool !== "day")) {
      wrong("log", "Nothing is held here.");
    } else pools?.[pool].hold(Number(from), Number(to));
  }

  return { take, open, gaps: () => gaps };
}
