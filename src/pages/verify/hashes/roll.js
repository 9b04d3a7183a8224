import { hex, unhex, utf8 } from "./bytes.js";
import { createHmac, hmac, sha256 } from "./sha256.js";

/** A roll is below this many. */
export const PARTS = 1_000_000_000;

/** What makes a day's rolls. `randomness`: of the beacon, in hex, or empty. @param {{ seed: string, campaign: string, day: string, randomness: string }} day */
export function dayKeyOf({ seed, campaign, day, randomness }) {
  const text = `lucky-draw/v1/day\n${campaign}\n${day}\n${randomness}`;
  return hmac(unhex(seed), utf8(text));
}

/** @param {string} seed in hex */
export const seedHashOf = (seed) => hex(sha256(unhex(seed)));

/** What a beacon's signature, in hex, is good for. @param {string} signature */
export const randomnessOf = (signature) => hex(sha256(unhex(signature)));

/** Returns a function that computes the roll of whoever is `p` and of the number of their draw. @param {Uint8Array} dayKey */
export function createRolls(dayKey) {
  const hash = createHmac(dayKey);
  let bytes = new Uint8Array(1_024);
  return (/** @type {string} */ p, /** @type {string} */ drawNo) => {
    for (let n = 0; ; n += 1) {
      const text = `${p}\n${drawNo}\n${n}`;
      if (text.length > bytes.length) bytes = new Uint8Array(2 * text.length);
      // Both are ASCII: the log's lines were looked at before.
      for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
      for (const word of hash(bytes, text.length)) {
        const roll = word >>> 2;
        if (roll < PARTS) return roll;
      }
    }
  };
}
