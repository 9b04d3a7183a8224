import { readNote } from "./files.js";

/**
 * @typedef {import("./day.js").Where} Where
 * @typedef {import("./day.js").Seal} Seal
 * @typedef {import("./day.js").Close} Close
 * @typedef {import("./files.js").Key} Key
 * @typedef {import("./steps.js").Steps} Steps
 */

const NO_SIGNATURES =
  "This browser can't check Ed25519 signatures (it is old, or the page came over plain http): all else is checked.";

const moment = new Intl.DateTimeFormat("en", {
  dateStyle: "long",
  timeStyle: "long",
});
const numbers = new Intl.NumberFormat("en");

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) =>
  `${numbers.format(count)} ${count === 1 ? one : many}`;

/** @param {Where} where @param {string | undefined} text @param {Key[]} keys @param {Steps} steps @returns {Promise<Seal | undefined>} */
export async function checkSeal(where, text, keys, steps) {
  if (text === undefined) {
    steps.wrong(
      "seal",
      "There is no seal.note: nothing was fixed for this day.",
    );
    return undefined;
  }
  const note = await readNote(
    { text, file: "seal.note", keys, step: "seal" },
    steps,
  );
  /** @type {Seal | undefined} */
  const seal = note && parse(note.text, where, "seal", steps);
  if (!seal) return undefined;
  if (!/^[0-9a-f]{64}$/.test(seal.seed_hash) || !(seal.shards >= 1)) {
    steps.wrong("seal", "seal.note lacks what a seal must have.");
    return undefined;
  }
  const when = `Sealed ${moment.format(seal.sealed_at)}, for the day that begins ${moment.format(seal.begins_at)}.`;
  // It may be sealed after midnight, as long as nobody has drawn: the log tells.
  steps.set(
    "seal",
    note?.isSigned ? "held" : "unknown",
    note?.isSigned ? when : `${when} ${NO_SIGNATURES}`,
  );
  return seal;
}

/** @param {Where} where @param {string | undefined} text @param {Key[]} keys @param {Steps} steps @returns {Promise<Close | undefined>} */
export async function checkClose(where, text, keys, steps) {
  if (text === undefined) {
    const said = "The day is not closed yet.";
    for (const step of ["close", "seed", "rolls", "counts"]) {
      steps.set(step, "later", said);
    }
    return undefined;
  }
  const note = await readNote(
    { text, file: "close.note", keys, step: "close" },
    steps,
  );
  /** @type {Close | undefined} */
  const close = note && parse(note.text, where, "close", steps);
  if (!close) return undefined;
  if (!/^[0-9a-f]{64}$/.test(close.seed)) {
    steps.wrong("seed", "close.note has no secret.");
    return undefined;
  }
  steps.set(
    "close",
    note?.isSigned ? "held" : "unknown",
    note?.isSigned ? "" : NO_SIGNATURES,
  );
  return close;
}

/** The one line of JSON of a note, if it is of this day. @param {string} text @param {Where} where @param {string} step @param {Steps} steps */
function parse(text, where, step, steps) {
  try {
    const said = JSON.parse(text);
    if (said.v !== 1) throw new Error("Its version is not 1.");
    if (said.campaign !== where.campaign || said.day !== where.day) {
      throw new Error("It is of another campaign or day.");
    }
    return said;
  } catch (error) {
    steps.wrong(
      step,
      `${step}.note: ${error instanceof Error ? error.message : ""}`,
    );
    return undefined;
  }
}

/** @param {Seal} seal @param {Close | undefined} close @param {Steps} steps */
export function tellBeacon(seal, close, steps) {
  if (!seal.beacon) {
    steps.set(
      "beacon",
      "unknown",
      "The seal names no public beacon: the secret was the operator's own choice. It was fixed before the day, but nobody can show that it was picked blindly.",
    );
  } else if (!close) {
    steps.set("beacon", "later", "The day is not closed yet.");
  } else {
    const said = close.beacon_signature
      ? `The rolls depend on round ${seal.beacon.round} of the public beacon that the seal names. That the round is genuine can't be computed by a browser: npm run verify does.`
      : `The seal names round ${seal.beacon.round} of a public beacon, and the day went on without it.`;
    steps.set("beacon", "unknown", said);
  }
}

/**
 * What a log that was read to its end has shown.
 *
 * @param {{
 *   close: Close | undefined, people: import("./people.js").People, lines: number, wins: Record<string, number>,
 *   checkpoints: { isSigned: boolean, count: number, largest: number }[],
 *   shards: { replay: ReturnType<typeof import("./shard.js").createShard>, size: number }[]
 * }} day
 * @param {Steps} steps
 */
export function tellLog(
  { close, people, lines, wins, checkpoints, shards },
  steps,
) {
  /** @param {(replay: ReturnType<typeof import("./shard.js").createShard>) => number} count */
  const sum = (count) =>
    shards.reduce((all, { replay }) => all + count(replay), 0);
  const draws = people.draws();
  const gaps = sum(({ gaps }) => gaps());
  const lost =
    gaps > 0
      ? ` ${counted(gaps, "time", "times")} the log itself declares that numbers of lines may be lost.`
      : "";
  steps.set(
    "log",
    "held",
    `${counted(lines, "line")}, numbered without a hole.${lost}`,
  );
  if (close)
    steps.set(
      "rolls",
      "held",
      `${counted(draws, "roll")} computed again from the secret.`,
    );
  steps.set(
    "once",
    "held",
    gaps > 0 ? "But for draws that the log says were lost." : "",
  );
  const limited = sum(({ open }) => open.limited);
  const moments = sum(({ open }) => open.moments);
  const said = `${counted(draws, "draw")} decided again by the published rules.`;
  if (moments > 0) {
    steps.set(
      "outcomes",
      "later",
      `${said} The winning moments are secret until the day is closed, so ${counted(moments, "draw")} can't be decided again yet.`,
    );
  } else if (limited > 0) {
    steps.set(
      "outcomes",
      "held",
      `${said} ${counted(limited, "person", "people")} had won on other days, whose logs tell it.`,
    );
  } else {
    steps.set("outcomes", "held", said);
  }
  const count = checkpoints.reduce((all, { count }) => all + count, 0);
  const signed = checkpoints.reduce(
    (all, { largest }) => all + Math.max(0, largest),
    0,
  );
  if (!close && count === 0) {
    steps.set("tree", "later", "There is no checkpoint yet.");
  } else if (checkpoints.some(({ isSigned }) => !isSigned)) {
    steps.set("tree", "unknown", NO_SIGNATURES);
  } else {
    const open =
      signed < lines
        ? ` The last ${counted(lines - signed, "line")} will be signed within seconds.`
        : "";
    steps.set(
      "tree",
      "held",
      `${counted(count, "signed checkpoint")} agree with the log.${open}`,
    );
  }
  if (!close) return;
  const published = Object.entries(close.wins);
  const isSame =
    published.length === Object.keys(wins).length &&
    published.every(([id, number]) => wins[id] === number);
  if (close.draws !== draws || !isSame) {
    steps.wrong(
      "counts",
      `close.note counts ${counted(close.draws, "draw")} and ${JSON.stringify(close.wins)}; the log has ${counted(draws, "draw")} and ${JSON.stringify(wins)}.`,
    );
  } else {
    const won = Object.values(wins).reduce((all, number) => all + number, 0);
    steps.set(
      "counts",
      "held",
      `${counted(draws, "draw")}, ${counted(won, "prize")}.`,
    );
  }
}
