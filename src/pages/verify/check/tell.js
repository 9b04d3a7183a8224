import { NO_SIGNATURES } from "./notes.js";

/**
 * @typedef {import("./steps.js").Steps} Steps
 * @typedef {import("./notes.js").Close} Close
 * @typedef {import("../rules/people.js").People} People
 * @typedef {{
 *   close: Close | undefined, people: People, lines: number, states: import("../rules/shard.js").State[],
 *   checkpoints: { isSigned: boolean, count: number, largest: number }[]
 * }} Read
 */

const numbers = new Intl.NumberFormat("en");

/** @param {number} count @param {string} one @param {string} [many] */
const counted = (count, one, many = `${one}s`) =>
  `${numbers.format(count)} ${count === 1 ? one : many}`;

/** @template T @param {T[]} list @param {(item: T) => number} count */
const sum = (list, count) => list.reduce((all, item) => all + count(item), 0);

/** What a log that was read to its end has shown, step by step. @param {Read} read @param {Steps} steps */
export function tellLog(read, steps) {
  const { close, people, lines, states } = read;
  const gaps = sum(states, ({ gaps }) => gaps);
  const draws = counted(people.draws(), "draw");
  const lost =
    gaps > 0
      ? ` It declares ${counted(gaps, "time")} that lines may have been lost.`
      : "";
  steps.set("log", "held", `${counted(lines, "line")}, without a hole.${lost}`);
  if (close) steps.set("rolls", "held", `The rolls of ${draws} are right.`);
  if (people.twice() > 0) {
    steps.wrong("once", `${counted(people.twice(), "draw")} won twice.`);
  }
  if (people.beyond() > 0) {
    steps.wrong(
      "once",
      `${counted(people.beyond(), "person")} won more than one may.`,
    );
  }
  const [doubled] = people.doubled();
  if (doubled) steps.wrong("outcomes", `It went twice: ${doubled}.`);
  steps.set("once", "held", gaps > 0 ? "But for what was declared lost." : "");
  for (const { table } of close ? states : []) {
    if (
      table &&
      (table.beacon === "used") !== (close?.beacon_signature !== null)
    ) {
      steps.wrong(
        "beacon",
        `By the log the beacon was ${table.beacon ?? "none"}; the close says otherwise.`,
      );
    }
  }
  tellOutcomes(states, draws, steps);
  tellTree(read, steps);
  if (close) tellCounts(close, people, steps);
  steps.retell();
}

/** @param {Read["states"]} states @param {string} draws @param {Steps} steps */
function tellOutcomes(states, draws, steps) {
  const limited = sum(states, ({ limited }) => limited);
  const secret = sum(states, ({ secret }) => secret);
  if (secret > 0) {
    steps.set(
      "outcomes",
      "later",
      `Winning moments are secret until the day is closed: then the outcomes of ${draws} can be computed.`,
    );
    return;
  }
  const others =
    limited > 0
      ? ` In ${counted(limited, "draw")} somebody who had won on other days could not win again: the logs of those days tell it.`
      : "";
  const shards =
    states.length > 1
      ? " No unit went twice. How the logs passed numbers of units to each other only npm run verify checks."
      : "";
  steps.set("outcomes", "held", `${draws} decided again.${others}${shards}`);
}

/** @param {Read} read @param {Steps} steps */
function tellTree({ close, lines, checkpoints }, steps) {
  const count = sum(checkpoints, ({ count }) => count);
  const signed = sum(checkpoints, ({ largest }) => largest);
  if (!close && count === 0) {
    steps.set("tree", "later", "Nothing was signed yet.");
  } else if (checkpoints.some(({ isSigned }) => !isSigned)) {
    steps.set("tree", "unknown", NO_SIGNATURES);
  } else {
    const open =
      signed < lines
        ? ` The last ${counted(lines - signed, "line")} will be signed within seconds.`
        : "";
    const said = `${counted(count, "signed fingerprint")} fit the log.${open}`;
    steps.set("tree", "held", said);
  }
}

/** @param {Close} close @param {People} people @param {Steps} steps */
function tellCounts(close, people, steps) {
  const wins = people.wins();
  const ids = new Set([...Object.keys(wins), ...Object.keys(close.wins)]);
  for (const id of ids) {
    const [said, is] = [close.wins[id] ?? 0, wins[id] ?? 0];
    if (said !== is) {
      steps.wrong("counts", `Of ${id} ${said} are counted, and ${is} went.`);
    }
  }
  const draws = people.draws();
  if (close.draws !== draws) {
    steps.wrong(
      "counts",
      `${counted(close.draws, "draw")} are counted, and there are ${draws}.`,
    );
  }
  const won = Object.values(wins).reduce((all, number) => all + number, 0);
  const said = `${counted(draws, "draw")}, ${counted(won, "prize")}.`;
  steps.set("counts", "held", said);
}
