import { parseCheckpoint } from "../hashes/note.js";
import { read, readNote } from "./files.js";

/** @typedef {import("./files.js").Where} Where @typedef {import("../hashes/note.js").Key} Key */

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
  let largest = 0;
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
