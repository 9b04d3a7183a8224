import { parseKey } from "../hashes/note.js";
import { read, Unreadable } from "./files.js";

/** @typedef {import("./files.js").Where} Where @typedef {import("../hashes/note.js").Key} Key */

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
