import { hash } from "node:crypto";

/** SHA-256, its bytes as the characters of a string: a buffer for each costs more than the hash. */
export const sha256 = (bytes: Uint8Array): string =>
  hash("sha256", bytes, "binary");

export const sha256Hex = (bytes: Uint8Array | string): string =>
  hash("sha256", bytes, "hex");

const BLOCK = 64;

/** HMAC-SHA256 by one key, many times. */
export class Hmac {
  #inner = Buffer.alloc(BLOCK + 512, 0x36);
  readonly #outer = Buffer.alloc(BLOCK + 32, 0x5c);

  /** `key`: at most 64 bytes. */
  constructor(key: Uint8Array) {
    for (const [n, byte] of key.entries()) {
      this.#inner[n] = byte ^ 0x36;
      this.#outer[n] = byte ^ 0x5c;
    }
  }

  /** Of a text; its bytes as characters. */
  of(text: string): string {
    const most = BLOCK + 3 * text.length;
    if (most > this.#inner.length) {
      this.#inner = Buffer.concat([this.#inner, Buffer.alloc(most)]);
    }
    const length = this.#inner.write(text, BLOCK);
    const inside = sha256(this.#inner.subarray(0, BLOCK + length));
    this.#outer.write(inside, BLOCK, "latin1");
    return sha256(this.#outer);
  }

  hexOf(text: string): string {
    return Buffer.from(this.of(text), "latin1").toString("hex");
  }
}

/** The 32-bit word that begins at a byte. */
export const wordAt = (bytes: string, at: number): number =>
  ((bytes.charCodeAt(at) << 24) |
    (bytes.charCodeAt(at + 1) << 16) |
    (bytes.charCodeAt(at + 2) << 8) |
    bytes.charCodeAt(at + 3)) >>>
  0;
