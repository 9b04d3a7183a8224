import { hex } from "./bytes.js";
import { parseCheckpoint, parseKey, parseNote, verify } from "./note.js";
import { sha256 } from "./sha256.js";

/**
 * The files of a day, as the server has them.
 *
 * @typedef {{ base: string, campaign: string, day: string, pinned?: string | undefined }} Where  `base`: the URL of /proof/
 * @typedef {import("./note.js").Key} Key
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
 * The keys that sign a day, told as a step.
 *
 * @param {Where} where @param {import("./steps.js").Steps} steps
 * @returns {Promise<Key[]>}
 */
export async function readKeys(where, steps) {
  const text = await read(where, "key.txt");
  if (!text) {
    steps.wrong("key", "There is no key.txt: this day was never sealed.");
    return [];
  }
  /** @type {Key[]} */
  let keys;
  try {
    keys = text.trimEnd().split("\n").map(parseKey);
  } catch (error) {
    steps.wrong(
      "key",
      `key.txt: ${error instanceof Error ? error.message : ""}`,
    );
    return [];
  }
  const names = keys.map(({ line }) => line).join(", ");
  if (!where.pinned) {
    steps.set(
      "key",
      "unknown",
      `The key comes from this server: ${names}. Compare it with one that you got in another way, or enter that one above.`,
    );
    return keys;
  }
  /** @type {Key} */
  let pinned;
  try {
    pinned = parseKey(where.pinned);
  } catch (error) {
    throw new Unreadable(error instanceof Error ? error.message : "");
  }
  if (!keys.some(({ line }) => line === pinned.line)) {
    steps.wrong(
      "key",
      `The server signs with another key than yours: ${names}.`,
    );
    return [pinned];
  }
  if (keys.length === 1) {
    steps.set("key", "held", "It is the key that you entered.");
  } else {
    steps.set(
      "key",
      "unknown",
      `The key that you entered signed the seal; the rest may be signed by a new one: ${names}.`,
    );
  }
  return keys;
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

/**
 * All checkpoints of a shard's log, the oldest first, by their sizes.
 *
 * @param {Where} where @param {number} shard @param {Key[]} keys @param {import("./steps.js").Steps} steps
 */
export async function readCheckpoints(where, shard, keys, steps) {
  const newest = (await read(where, `checkpoint-${shard}.note`)) ?? "";
  const all = (await read(where, `checkpoints-${shard}.txt`)) ?? "";
  const file = `checkpoints-${shard}.txt`;
  // A note has an empty line of its own, before its signatures.
  const texts = all.split(/(?<=\n— [^\n]*\n)\n/).filter((text) => text !== "");
  if (newest && !texts.includes(newest)) texts.push(newest);
  const notes = await Promise.all(
    texts.map((text) => readNote({ text, file, keys, step: "tree" }, steps)),
  );
  /** @type {Map<number, string>} */
  const roots = new Map();
  let isSigned = true;
  let largest = -1;
  for (const note of notes) {
    if (!note) continue;
    isSigned &&= note.isSigned;
    const { origin, size, root } = checkpointOf(note.text, steps) ?? {};
    if (size === undefined || !root || !origin) continue;
    const rest = `/${where.campaign}/${where.day}/${shard}`;
    if (!keys.some(({ name }) => origin === name + rest)) {
      steps.wrong("tree", `A checkpoint is of another log: ${origin}.`);
    }
    if (size < largest || (roots.get(size) ?? root) !== root) {
      steps.wrong(
        "tree",
        `The checkpoint of ${size} lines contradicts others.`,
      );
    }
    largest = Math.max(largest, size);
    roots.set(size, root);
  }
  return { roots, isSigned, largest, count: notes.length };
}

/** @param {string} text @param {import("./steps.js").Steps} steps */
function checkpointOf(text, steps) {
  try {
    return parseCheckpoint(text);
  } catch (error) {
    steps.wrong("tree", error instanceof Error ? error.message : "");
    return undefined;
  }
}

/** The moments of a day, by the hashes that T lines name. @param {Where} where */
export async function readMoments(where) {
  const text = (await read(where, "moments.tsv")) ?? "";
  /** @type {Map<string, import("./table.js").Moment[]>} */
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
