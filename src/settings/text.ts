import { isUtf8 } from "node:buffer";

/**
 * The text of a file in UTF-8, or in UTF-16 where its first bytes say so, without a byte order mark. Undefined where it is
 * in neither: whatever were read then would be other letters than those that were written.
 */
export function decodeText(bytes: Buffer): string | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return utf16(bytes.subarray(2));
  if (first === 0xfe && second === 0xff && bytes.length % 2 === 0) {
    return utf16(Buffer.from(bytes.subarray(2)).swap16());
  }
  if (!isUtf8(bytes) || bytes.includes(0)) return undefined;
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

function utf16(bytes: Buffer): string | undefined {
  if (bytes.length % 2 === 1) return undefined;
  const text = bytes.toString("utf16le");
  return text.isWellFormed() ? text : undefined;
}
