import { NUMBER } from "../hashes/bytes.js";
import { replayDraw } from "./replay-draw.js";
import { hold, putInForce } from "./replay-table.js";

/**
 * Replays the log of one shard, line by line: what each line may say follows from those before it.
 *
 * @typedef {{
 *   campaign: string, day: string, begins_at: number, ends_at: number, sealed_at: number, names: "sealed" | "open",
 *   shards: number, seed_hash: string, names_hash: string | null, time_zone: string, beacon: { round: number } | null
 * }} Seal
 * @typedef {"log" | "seal" | "rolls" | "once" | "outcomes"} Question  which step a line is wrong in
 * @typedef {{
 *   seal: Seal,
 *   people: import("./people.js").People,
 *   momentsOf: (hash: string) => import("./table.js").Moment[] | undefined,
 *   rollOf?: ((beacon: string | null, p: string, no: string) => number) | undefined,
 *   wrong: (question: Question, sentence: string) => void,
 *   watch?: { p: string, found: (draw: import("./explain.js").Explained) => void } | undefined,
 * }} Day  `rollOf`: where the seed is known; `watch`: whose draws are told, with what decided them
 * @typedef {{
 *   line: number, last: number, gaps: number, table: import("./table.js").Table | undefined,
 *   wins: Map<number, { p: string, no: string, outcome: string, isDraw: boolean, moment?: string | undefined }>,
 *   claims: Set<string>, told: Set<string>, draws: number, counted: Map<string, { ever: number, today: number }>, isExplained: boolean, isRestored: boolean, limited: number, secret: number
 * }} State  `wins`: by their seq; `claims`: moments won here, `told`: also those
 *   that came to nothing; `draws`: decided since the last table; `counted`: units of each prize; `isExplained`: since the last table
 *   more may have been taken than the lines say; `limited`, `secret`: draws that this log alone does not explain, since wins of
 *   other days or moments that are still secret decided them
 */

/** @param {Day} day */
export function createShard(day) {
  const { people, wrong } = day;
  /** @type {State} */
  const state = {
    line: 0,
    last: -1,
    gaps: 0,
    table: undefined,
    wins: new Map(),
    claims: new Set(),
    told: new Set(),
    draws: 0,
    counted: new Map(),
    isExplained: false,
    isRestored: false,
    limited: 0,
    secret: 0,
  };

  /** @param {string} text */
  function take(text) {
    state.line += 1;
    const [seqText = "", atText = "", kind = "", ...rest] = text.split("\t");
    if (!NUMBER.test(seqText) || !NUMBER.test(atText)) {
      wrong("log", "This is no line of a log.");
      return;
    }
    const seq = Number(seqText);
    const at = Number(atText);
    follow(seq, kind === "G" ? rest : undefined);
    const is = `${kind}${rest.length}`;
    if (is === "D5") replayDraw(day, state, { seq, at, rest });
    else if (is === "T2") putInForce(day, state, { at, rest });
    else if (is === "V1") makeVoid(Number(rest[0]));
    else if (is === "R3") restore(seq, rest);
    else if (is === "L4") hold(day, state, rest);
    else if (is !== "G3") wrong("log", "This is no line of a log.");
  }

  /** @param {number} seq @param {string[] | undefined} gap */
  function follow(seq, gap) {
    const next = state.last + 1;
    if (gap) {
      const [from = 0, to = 0] = gap.map(Number);
      if (seq !== to + 1 || from > next || seq < next) {
        wrong("log", "The numbers that this line declares lost don't fit.");
      }
      state.gaps += 1;
      state.isExplained = true;
    } else if (seq !== next) {
      wrong("log", `Line number ${next} should be here, and it is ${seq}.`);
    }
    state.last = seq;
  }

  /** @param {number} of */
  function makeVoid(of) {
    const win = state.wins.get(of);
    state.isExplained = true;
    if (!win) {
      if (state.gaps === 0) wrong("outcomes", `Line number ${of} is no win.`);
      return;
    }
    state.wins.delete(of);
    if (win.moment) state.claims.delete(win.moment);
    people.void(win.p, win.no, win.outcome, win.isDraw, state.gaps);
  }

  /** @param {number} seq @param {string[]} rest */
  function restore(seq, [p = "", no = "", outcome = ""]) {
    if (state.gaps === 0) {
      wrong("log", "A win comes back, and no line says that any were lost.");
    }
    people.restore(p, no, outcome, state.gaps);
    state.wins.set(seq, { p, no, outcome, isDraw: false });
    state.isExplained = true;
    state.isRestored = true;
    const [id = "", unit, dayUnit] = outcome.split(":");
    const pools = state.table?.pools.get(id);
    pools?.all.take(Number(unit));
    pools?.day.take(Number(dayUnit));
  }

  return { take, state };
}
