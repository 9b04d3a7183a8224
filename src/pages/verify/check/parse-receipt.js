import { parseNote } from "../hashes/note.js";
import { Unreadable } from "./files.js";

/** @typedef {{ line: string, index: number, path: string[], note: string }} Receipt */

/**
 * The receipt in a text: itself, or in an answer of POST /draw. Throws Unreadable.
 *
 * @param {string} text @returns {Receipt}
 */
export function parseReceipt(text) {
  /** @type {any} */
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    throw new Unreadable("This is no receipt: it is not JSON.");
  }
  const { line, index, path, note } = said?.receipt ?? said ?? {};
  if (
    typeof line !== "string" ||
    typeof note !== "string" ||
    !Number.isSafeInteger(index) ||
    !Array.isArray(path)
  ) {
    throw new Unreadable(
      "This is no receipt: it needs line, index, path and note.",
    );
  }
  return { line, index, path, note };
}

/** What the note of a receipt says: of whose batch it is. Throws Unreadable. @param {string} note */
export function parseBatch(note) {
  try {
    const { text } = parseNote(note);
    const [kind, campaign, day, shard, first, count, root] = text.split("\n");
    const isOne =
      kind === "lucky-draw-receipt" &&
      /^\d{4}-\d\d-\d\d$/.test(day ?? "") &&
      [shard, first, count].every((it) => /^\d{1,15}$/.test(it ?? ""));
    if (!isOne || !campaign || !day || !root) throw new Error("");
    return {
      campaign,
      day,
      shard: Number(shard),
      first: Number(first),
      count: Number(count),
      root,
    };
  } catch {
    throw new Unreadable("This is no receipt: its note is not one of a batch.");
  }
}
