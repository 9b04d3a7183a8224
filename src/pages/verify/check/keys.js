import { parseKey } from "../hashes/note.js";
import { read, Unreadable } from "./files.js";

/** @typedef {import("./files.js").Where} Where @typedef {import("../hashes/note.js").Key} Key */

/**
 * By which keys a day is signed, told as a step: `day` signs everything, `seal` is the one that the seal must be signed by. They
 * differ where the key was changed: then the one before signs the first seal of the new one, too.
 *
 * @param {Where} where @param {import("./steps.js").Steps} steps
 * @returns {Promise<{ day: Key[], seal: Key[] }>}
 */
export async function readKeys(where, steps) {
  const pinned = where.pinned && parsePinned(where.pinned);
  const [day, ...old] = await readPublished(where, steps);
  if (!day) return { day: [], seal: [] };
  const names = [day, ...old].map(({ line }) => line).join(", ");
  if (!pinned) {
    const said = `The key comes from this server: ${names}. Compare it with one that you got in another way, or enter that one above.`;
    steps.set("key", "unknown", said);
    return { day: [day], seal: [day] };
  }
  if (pinned.line === day.line) {
    steps.set("key", "held", "It is the key that you entered.");
  } else if (old.some(({ line }) => line === pinned.line)) {
    const said = `With the key that you entered the seal is signed; all else with a new one that comes from this server: ${day.line}.`;
    steps.set("key", "unknown", said);
  } else {
    steps.wrong(
      "key",
      `The server signs with another key than yours: ${names}.`,
    );
    return { day: [pinned], seal: [pinned] };
  }
  return { day: [day], seal: [pinned] };
}

/** @param {string} line */
function parsePinned(line) {
  try {
    return parseKey(line);
  } catch (error) {
    throw new Unreadable(error instanceof Error ? error.message : "");
  }
}

/** Those of key.txt. @param {Where} where @param {import("./steps.js").Steps} steps */
async function readPublished(where, steps) {
  const text = await read(where, "key.txt");
  if (!text) {
    steps.wrong("key", "There is no key.txt: this day was never sealed.");
    return [];
  }
  try {
    return text.trimEnd().split("\n").map(parseKey);
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    steps.wrong("key", `key.txt: ${said}`);
    return [];
  }
}
