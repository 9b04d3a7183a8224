import { hash } from "node:crypto";

/** The block of SHA-256, and a hash. */
const BLOCK = 64;
const BYTES = 32;

/** HMAC-SHA256 of a text: hex, or a character for each byte. */
export type HmacOf = (text: string, encoding: "hex" | "binary") => string;

/**
 * HMAC-SHA256 (RFC 2104) by one key of 32 bytes: the hash of the outer key and the hash of the inner one and the text. Two calls of `hash()` that
 * give strings take 0.8 µs here, a `createHmac()` and its Buffer 2.7, and more to collect.
 */
export function createHmacOf(key: Buffer): HmacOf {
  let inner = Buffer.alloc(BLOCK + 256, 0x36);
  const outer = Buffer.alloc(BLOCK + BYTES, 0x5c);
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return (text, encoding) => {
    const most = BLOCK + 3 * text.length;
    if (inner.length < most) {
      const larger = Buffer.alloc(most);
      inner.copy(larger, 0, 0, BLOCK);
      inner = larger;
    }
    const end = BLOCK + inner.write(text, BLOCK);
    const first = hash("sha256", inner.subarray(0, end), "binary");
    outer.write(first, BLOCK, "latin1");
    return hash("sha256", outer, encoding);
  };
}
