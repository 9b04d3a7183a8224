import { createHash } from "node:crypto";
import { PARTS } from "../../random.js";
import { createHmacOf } from "./hmac.js";

/** How a day's draws get their rolls: each by its person and number, the same on every try. */
export type Rolls = {
  /** who draws, as the log names them */
  nameOf(userId: string): string;
  /** the roll of a draw, 0 to 999,999,999 */
  rollOf(name: string, draw_no: number): number;
};

const NAME_BYTES = 16;

/** Words of a hash. */
const WORDS = 8;

/** `names_key`: null where names are open. `randomness`: of the beacon, hex; empty without one. */
export function createRolls(of: {
  campaign: string;
  day: string;
  seed: Buffer;
  names_key: Buffer | null;
  randomness: string;
}): Rolls {
  const { campaign, day, seed, names_key, randomness } = of;
  const text = `lucky-draw/v1/day\n${campaign}\n${day}\n${randomness}`;
  const hashOfDay = createHmacOf(
    Buffer.from(createHmacOf(seed)(text, "hex"), "hex"),
  );
  const hashOfName = names_key && createHmacOf(names_key);

  function rollOf(name: string, draw_no: number): number {
    for (let n = 0; ; n += 1) {
      const hash = hashOfDay(`${name}\n${draw_no}\n${n}`, "binary");
      for (let word = 0; word < WORDS; word += 1) {
        const roll = wordOf(hash, 4 * word) >>> 2;
        if (roll < PARTS) return roll;
      }
    }
  }

  return {
    nameOf: (userId) =>
      hashOfName
        ? hashOfName(userId, "hex").slice(0, 2 * NAME_BYTES)
        : Buffer.from(userId).toString("base64url"),
    rollOf,
  };
}

/** Four bytes from `at` on, the highest first. */
const wordOf = (bytes: string, at: number): number =>
  (bytes.charCodeAt(at) << 24) |
  (bytes.charCodeAt(at + 1) << 16) |
  (bytes.charCodeAt(at + 2) << 8) |
  bytes.charCodeAt(at + 3);

/** Hex SHA-256 of some bytes: of a seed, or the randomness of a beacon's signature. */
export const hashOf = (bytes: Buffer | string): string =>
  createHash("sha256").update(bytes).digest("hex");
