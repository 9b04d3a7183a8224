import { Hmac, wordAt } from "../hash.js";

const WHOLE = 1_000_000_000;

/** The key of a day's rolls. `randomness`: hex, or empty without a beacon. */
export const dayKeyOf = (
  seed: string,
  { campaign, day }: { campaign: string; day: string },
  randomness: string,
): Buffer =>
  Buffer.from(
    new Hmac(Buffer.from(seed, "hex")).of(
      `lucky-draw/v1/day\n${campaign}\n${day}\n${randomness}`,
    ),
    "latin1",
  );

/** The roll of a draw, and the key of the draw for tables. */
export type Rolled = { roll: number; high: number; low: number };

/** The rolls of a day; the object that comes is the same each time. */
export function createRolls(dayKey: Uint8Array) {
  const hmac = new Hmac(dayKey);
  const rolled: Rolled = { roll: 0, high: 0, low: 0 };
  return (p: string, drawNo: number): Rolled => {
    for (let n = 0; ; n += 1) {
      const hash = hmac.of(`${p}\n${drawNo}\n${n}`);
      if (n === 0) {
        rolled.high = wordAt(hash, 24);
        rolled.low = wordAt(hash, 28);
      }
      for (let at = 0; at < 32; at += 4) {
        const roll = wordAt(hash, at) >>> 2;
        if (roll < WHOLE) {
          rolled.roll = roll;
          return rolled;
        }
      }
    }
  };
}
