import { hex } from "../hashes/bytes.js";
import { parseNote, verify } from "../hashes/note.js";
import { sha256 } from "../hashes/sha256.js";

/**
 * The files of a day, as the server has them.
 *
 * @typedef {{ base: string, campaign: string, day: string, pinned?: string | undefined }} Where  `base`: the URL of /proof/
 * @typedef {import("../hashes/note.js").Key} Key
 */

/** What can't be read, in a sentence: the check did not take place. */
export class Unreadable extends Error {}

/** @param {Where} where @param {string} file */
export const urlOf = ({ base, campaign, day }, file) =>
  `${base}${encodeURIComponent(campaign)}/${day}/${file}`;

/** A file's answer; undefined where there is none. @param {string} url */
export async function get(url) {
  const file = url.slice(url.lastIndexOf("/") + 1);
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(url, { cache: "no-cache" });
  } catch {
    throw new Unreadable(`${file} could not be read: no connection.`);
  }
  if (answer.status === 404) return undefined;
  if (!answer.ok) {
    throw new Unreadable(
      `${file} could not be read: the server answered ${answer.status}.`,
    );
  }
  return answer;
}

/** @param {Where} where @param {string} file */
export async function read(where, file) {
  return (await get(urlOf(where, file)))?.text();
}

/**
 * Reads a note and checks its signature, told as a step where it is not as it should be.
 *
 * @param {{ text: string, file: string, keys: Key[], step: string }} note @param {import("./steps.js").Steps} steps
 * @returns {Promise<{ text: string, isSigned: boolean } | undefined>} `isSigned`: false where this browser can't tell
 */
export async function readNote({ text, file, keys, step }, steps) {
  try {
    const note = parseNote(text);
    const verdict = await verify(note, keys);
    if (verdict === "wrong") {
      steps.wrong(step, `${file}: the signature is not by the key.`);
    }
    return { text: note.text, isSigned: verdict === "held" };
  } catch (error) {
    steps.wrong(
      step,
      `${file}: ${error instanceof Error ? error.message : ""}`,
    );
    return undefined;
  }
}

/** The moments of a day, by the hashes that T lines name. @param {Where} where */
export async function readMoments(where) {
  const text = (await read(where, "moments.tsv")) ?? "";
  /** @type {Map<string, import("../rules/table.js").Moment[]>} */
  const sets = new Map();
  for (const line of text.split("\n")) {
    const [hash, id, prize, at] = line.split("\t");
    if (!hash || !id || !prize || !at) continue;
    const set = sets.get(hash) ?? [];
    set.push({ id, prize, at: Number(at) });
    sets.set(hash, set);
  }
  for (const [hash, moments] of sets) {
    const lines = moments.map(
      ({ id, prize, at }) => `${id}\t${prize}\t${at}\n`,
    );
    const right = hex(sha256(new TextEncoder().encode(lines.join(""))));
    if (right !== hash) sets.delete(hash);
  }
  return sets;
}
