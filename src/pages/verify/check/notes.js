import { read, readNote } from "./files.js";

/**
 * @typedef {import("./files.js").Where} Where
 * @typedef {import("../hashes/note.js").Key} Key
 * @typedef {import("./steps.js").Steps} Steps
 * @typedef {import("../rules/shard.js").Seal} Seal
 * @typedef {{
 *   campaign: string, day: string, seed: string, beacon_signature: string | null, draws: number, wins: Record<string, number>,
 *   trees: { size: number, root: string }[]
 * }} Close
 */

export const NO_SIGNATURES =
  "This browser can't check Ed25519 signatures (it is old, or the page came over plain http): all else is checked.";

const HASH = /^[0-9a-f]{64}$/;

/** More shards than any campaign may have would take all memory. @param {number} count */
const isShards = (count) =>
  Number.isInteger(count) && count >= 1 && count <= 1024;

const moment = new Intl.DateTimeFormat("en", {
  dateStyle: "long",
  timeStyle: "long",
});

/** @param {Where} where @param {Key[]} keys @param {Steps} steps @returns {Promise<Seal | undefined>} */
export async function checkSeal(where, keys, steps) {
  const text = await read(where, "seal.note");
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
  if (!HASH.test(seal.seed_hash) || !isShards(seal.shards)) {
    steps.wrong("seal", "seal.note lacks what a seal must have.");
    return undefined;
  }
  const when = `Sealed ${moment.format(seal.sealed_at)}, for the day that begins ${moment.format(seal.begins_at)}.`;
  if (!isOfDay(seal)) {
    steps.wrong(
      "seal",
      "Its day begins or ends at another moment than in its time zone.",
    );
  }
  if ((seal.names === "open") !== (seal.names_hash === null)) {
    steps.wrong(
      "seal",
      "Names are sealed where the seal has a hash of their key, and only there.",
    );
  }
  // It may be sealed after midnight, as long as nobody has drawn: the log tells.
  steps.set(
    "seal",
    note?.isSigned ? "held" : "unknown",
    note?.isSigned ? when : `${when} ${NO_SIGNATURES}`,
  );
  return seal;
}

/** @param {Where} where @param {Key[]} keys @param {Steps} steps @returns {Promise<Close | undefined>} */
export async function checkClose(where, keys, steps) {
  const text = await read(where, "close.note");
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
  if (
    !HASH.test(close.seed) ||
    !/^([0-9a-f]{2})*$/.test(close.beacon_signature ?? "") ||
    !Array.isArray(close.trees)
  ) {
    steps.wrong("close", "close.note lacks what a close must have.");
    return undefined;
  }
  steps.set(
    "close",
    note?.isSigned ? "held" : "unknown",
    note?.isSigned ? "" : NO_SIGNATURES,
  );
  return close;
}

/** Whether it begins and ends with its day. @param {Seal} seal */
function isOfDay({ day, time_zone, begins_at, ends_at }) {
  try {
    const format = new Intl.DateTimeFormat("en-CA", {
      timeZone: time_zone,
      dateStyle: "short",
    });
    const is = [begins_at - 1, begins_at, ends_at - 1, ends_at].map(
      (at) => format.format(at) === day,
    );
    return is.join() === "false,true,true,false";
  } catch {
    return false;
  }
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
