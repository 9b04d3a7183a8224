import { verify } from "node:crypto";
import { Wrong } from "../report.js";
import type { Key } from "./key.js";

/** A signed note: its text, with the last line feed, and which of the known keys signed it. */
export type Note = { text: string; signers: Key[] };

const SIGNATURE = /^— (\S+) ([A-Za-z0-9+/]+=*)$/;

/**
 * Reads a C2SP signed note. Signatures by other keys are passed over; one by a known key that does not verify is wrong, and so is a
 * note that no known key signed.
 */
export function openNote(note: string, keys: Key[]): Note {
  const gap = note.lastIndexOf("\n\n");
  const text = note.slice(0, gap + 1);
  const lines = note.slice(gap + 2).split("\n");
  if (gap < 0 || lines.pop() !== "" || lines.length === 0) {
    throw new Wrong("this is not a signed note");
  }
  const signers: Key[] = [];
  for (const line of lines) {
    const [, name, packed = ""] = SIGNATURE.exec(line) ?? [];
    if (!name) throw new Wrong("this is not a signed note");
    const bytes = Buffer.from(packed, "base64");
    const key = keys.find(
      (it) => it.name === name && it.id.equals(bytes.subarray(0, 4)),
    );
    if (!key) continue;
    if (!verify(null, Buffer.from(text), key.key, bytes.subarray(4))) {
      throw new Wrong(`the signature of ${key.text} is not one of this text`);
    }
    signers.push(key);
  }
  if (signers.length === 0) {
    throw new Wrong("no known key signed this note");
  }
  return { text, signers };
}
