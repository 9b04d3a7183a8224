import { hex, NUMBER, unbase64, utf8 } from "./bytes.js";
import { sha256 } from "./sha256.js";

/**
 * Signed notes as C2SP has them.
 *
 * @typedef {{ name: string, id: string, line: string, raw: Uint8Array<ArrayBuffer> }} Key  `line`: as signed-note writes it
 * @typedef {{ text: string, signatures: { name: string, id: string, signature: Uint8Array<ArrayBuffer> }[] }} Note
 * @typedef {"held" | "wrong" | "unknown"} Verdict  unknown: this browser has no Ed25519
 */

/** Reads `NAME+id+base64`. Throws an Error with a sentence. @param {string} line @returns {Key} */
export function parseKey(line) {
  const [, name, id, text] =
    /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(line) ?? [];
  if (!name || !id || !text) {
    throw new Error("A verifier key is NAME+id+base64, without spaces.");
  }
  const bytes = unbase64(text);
  if (bytes.length !== 33 || bytes[0] !== 1) {
    throw new Error("This is no Ed25519 key.");
  }
  const begin = utf8(`${name}\n`);
  const named = new Uint8Array(begin.length + 33);
  named.set(begin);
  named.set(bytes, begin.length);
  if (hex(sha256(named).subarray(0, 4)) !== id) {
    throw new Error("The key's id is not that of the key.");
  }
  return { name, id, line, raw: bytes.slice(1) };
}

/** Throws an Error with a sentence. @param {string} note @returns {Note} */
export function parseNote(note) {
  const at = note.lastIndexOf("\n\n");
  const lines = note.slice(at + 2).split("\n");
  if (at < 0 || lines.pop() !== "" || lines.length === 0) {
    throw new Error("This is no signed note.");
  }
  const signatures = lines.map((line) => {
    const [, name, text] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    if (!name || !text) throw new Error("This is no line of a signature.");
    const bytes = unbase64(text);
    if (bytes.length < 5) throw new Error("This is no signature.");
    return { name, id: hex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
  });
  return { text: note.slice(0, at + 1), signatures };
}

/** @type {Map<string, Promise<CryptoKey | undefined>>} */
const imported = new Map();

/** undefined where this browser can't check Ed25519, or is asked to over plain http. @param {Key} key */
function importKey({ line, raw }) {
  const known = imported.get(line);
  if (known) return known;
  const key = (async () => {
    try {
      return await crypto.subtle.importKey("raw", raw, "Ed25519", false, [
        "verify",
      ]);
    } catch {
      return undefined;
    }
  })();
  imported.set(line, key);
  return key;
}

/** Whether one of these keys signed the note. Signatures by others are passed over. @param {Note} note @param {Key[]} keys @returns {Promise<Verdict>} */
export async function verify({ text, signatures }, keys) {
  for (const { name, id, signature } of signatures) {
    const key = keys.find((key) => key.name === name && key.id === id);
    if (!key) continue;
    const imported = await importKey(key);
    if (!imported) return "unknown";
    const isSigned = await crypto.subtle.verify(
      "Ed25519",
      imported,
      signature,
      utf8(text),
    );
    return isSigned ? "held" : "wrong";
  }
  return "wrong";
}

/** A checkpoint's lines: whose log, its size and its root. Throws an Error with a sentence. @param {string} text */
export function parseCheckpoint(text) {
  const [origin, count, root, end] = text.split("\n");
  if (!origin || !count || !NUMBER.test(count) || !root || end !== "") {
    throw new Error("This is no checkpoint.");
  }
  return { origin, size: Number(count), root };
}
