import { Unreadable } from "./files.js";

/**
 * Reads a log line by line as it comes: the bytes are what the tree has, the text is what they say. `keep` gets the text in
 * pieces of whole lines. Returns what is wrong with its end or its letters.
 *
 * @param {Response} answer
 * @param {(bytes: Uint8Array, text: string) => void} each
 * @param {(piece: string) => void} keep
 * @returns {Promise<string | undefined>}
 */
export async function readLines(answer, each, keep) {
  const reader = answer.body?.getReader();
  if (!reader) return undefined;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Unreadable("The connection broke off. Please try again.");
    });
    if (done) break;
    let bytes = value;
    if (rest.length > 0) {
      bytes = new Uint8Array(rest.length + value.length);
      bytes.set(rest);
      bytes.set(value, rest.length);
    }
    const end = bytes.lastIndexOf(10);
    rest = bytes.slice(end + 1);
    if (end < 0) continue;
    let text = "";
    try {
      text = decoder.decode(bytes.subarray(0, end));
    } catch {
      return "These lines are not UTF-8.";
    }
    keep(text);
    let from = 0;
    for (const line of text.split("\n")) {
      const to = bytes.indexOf(10, from);
      each(bytes.subarray(from, to), line);
      from = to + 1;
    }
  }
  return rest.length > 0 ? "The last line has no end." : undefined;
}
