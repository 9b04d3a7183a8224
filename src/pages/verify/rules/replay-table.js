import { LATEST } from "./replay-draw.js";
import { createTable } from "./table.js";

/**
 * @typedef {import("./shard.js").Day} Day
 * @typedef {import("./shard.js").State} State
 * @typedef {import("./table.js").Table} Table
 */

/** A T line: from here on its table and rules are in force. @param {Day} day @param {State} state @param {{ at: number, rest: string[] }} line */
export function putInForce(day, state, { at, rest }) {
  const { seal, momentsOf, wrong } = day;
  const [version = "", text = ""] = rest;
  const before = state.table;
  try {
    const { shards } = seal;
    state.table = createTable(version, text, { shards, momentsOf });
  } catch {
    wrong("outcomes", "This is no table of prizes.");
    return;
  }
  const { beacon } = state.table;
  if ((beacon === null) !== (seal.beacon === null)) {
    wrong("seal", "The beacon is not the one that was sealed.");
  } else if (before && before.beacon !== beacon) {
    wrong("seal", "The beacon is another one than in the lines before.");
  }
  const { table } = state;
  if (before) compare(day, state, { before, table, at });
  else if (table.draws.today > 0 && state.gaps === 0) {
    wrong("outcomes", `${table.draws.today} draws went before the first line.`);
  }
  state.draws = 0;
  state.isExplained = false;
}

/** What it counts is what the lines before tell. @param {Day} day @param {State} state @param {{ before: Table, table: Table, at: number }} tables */
function compare({ seal, wrong }, state, { before, table, at }) {
  const { counted, claims, told } = state;
  for (const [id, { all, day }] of before.pools) {
    counted.set(id, { ever: all.counted(), today: day.counted() });
  }
  // Until then draws of the day before may have been decided, which stand in its log.
  if (at < seal.begins_at + LATEST) return;
  for (const { id } of state.isExplained ? [] : table.prizes) {
    const is = counted.get(id);
    if (!is) continue;
    const ever = table.taken[id] ?? 0;
    const today = table.takenToday[id] ?? 0;
    if (ever !== is.ever || today !== is.today) {
      wrong(
        "outcomes",
        `It counts ${ever} units of ${id} as gone, ${today} of them today; by the log it is ${is.ever} and ${is.today}.`,
      );
    }
  }
  if (state.gaps > 0 || state.isRestored) return;
  const draws = before.draws.today + state.draws;
  if (table.draws.today !== draws) {
    wrong(
      "outcomes",
      `It counts ${table.draws.today} draws, and by the log it is ${draws}.`,
    );
  }
  if (seal.shards > 1) return;
  for (const id of table.claimed) {
    if (!before.claimed.has(id) && !told.has(id)) {
      wrong(
        "outcomes",
        `Moment ${id} is said to be won, and no line tells it.`,
      );
    }
  }
  const open = table.moments?.find(({ id }) => claims.has(id));
  if (open) {
    wrong("outcomes", `Moment ${open.id} was won before, and is open again.`);
  }
}

/** An L line: numbers that this shard may take. @param {Day} day @param {State} state @param {string[]} rest */
export function hold({ seal, wrong }, { table }, [id = "", pool, from, to]) {
  if (seal.shards === 1 || (pool !== "all" && pool !== "day")) {
    wrong("log", "This is no line of a log.");
    return;
  }
  table?.pools.get(id)?.[pool].hold(Number(from), Number(to));
}
