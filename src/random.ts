import { createHash, randomFillSync, randomInt } from "node:crypto";

/** Odds are counted in parts per billion. */
export const PARTS = 1_000_000_000;

/** Chance, passed in so that a test can choose it. */
export type Random = {
  /** An integer from 0 to 999,999,999, each equally likely. */
  roll(): number;
  /** The UUID of a result that this attempt may win. */
  id(attempt: string): string;
};

/** Bytes of an attempt. */
const ROLL_BYTES = 6;

/** `below(n)` gives an integer from 0 to n - 1, each equally likely. */
export const randomFrom = (below: (n: number) => number): Random => ({
  roll: () => below(PARTS),
  id: nameResult,
});

/** From the operating system's generator. */
export const systemRandom = randomFrom(randomInt);

/**
 * The name of an attempt, 8 characters: the same for the same Idempotency-Key, otherwise a new one. Redis keeps it for
 * every participant, so its length is memory: 8 characters make 38 bytes a participant, 11 make 41.
 */
export function nameAttempt(idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return freshAttempt();
  const hash = createHash("sha256").update(idempotencyKey).digest();
  return hash.toString("base64url", 0, ROLL_BYTES);
}

/** The name of a server process, 8 characters. */
export const freshName = (): string => freshAttempt();

/** A stock of random bytes: asking the system for six at a time takes 7 µs, a sixth of a whole draw. */
const stock = Buffer.alloc(8_192);
let used = stock.length;

/** Takes random bytes from the stock. Returns where they begin. */
function take(bytes: number): number {
  if (used + bytes > stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += bytes;
  return used - bytes;
}

function freshAttempt(): string {
  const from = take(ROLL_BYTES);
  return stock.toString("base64url", from, from + ROLL_BYTES);
}

/** The bytes of a UUID, and its text in ASCII. */
const uuid = Buffer.alloc(16);
const text = Buffer.from("00000000-0000-0000-0000-000000000000");
const DIGITS = Buffer.from("0123456789abcdef");

/** Bytes of a UUID that are random, with a version and a variant among them. */
const RANDOM_BYTES = 16 - ROLL_BYTES;

/** A UUID of version 4 that ends with an attempt. One string is made of it: `randomUUID()` makes forty, half a kilobyte. */
function nameResult(attempt: string): string {
  const from = take(RANDOM_BYTES);
  stock.copy(uuid, 0, from, from + RANDOM_BYTES);
  uuid[6] = 0x40 | ((uuid[6] as number) & 0x0f); // version 4
  uuid[8] = 0x80 | ((uuid[8] as number) & 0x3f); // variant of RFC 9562
  uuid.write(attempt, RANDOM_BYTES, "base64url");
  let at = 0;
  for (const byte of uuid) {
    if (at === 8 || at === 13 || at === 18 || at === 23) at += 1; // a dash
    text[at] = DIGITS[byte >> 4] as number;
    text[at + 1] = DIGITS[byte & 15] as number;
    at += 2;
  }
  return text.toString("latin1");
}

/**
 * The attempt that won a result: the last 48 bits of its id, next to 74 random bits. So Postgres knows it, too, and a
 * winner's key still finds its win after Redis lost everything.
 */
export function attemptOf(id: string): string {
  return Buffer.from(id.slice(-12), "hex").toString("base64url");
}
