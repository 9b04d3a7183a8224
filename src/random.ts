import { createHash, randomFillSync, randomInt, randomUUID } from "node:crypto";

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
  id: (attempt) => `${randomUUID().slice(0, -12)}${toHex(attempt)}`,
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
const stock = Buffer.alloc(ROLL_BYTES * 1_024);
let used = stock.length;

function freshAttempt(): string {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += ROLL_BYTES;
  return stock.toString("base64url", used - ROLL_BYTES, used);
}

/**
 * The attempt that won a result: the last 48 bits of its id, next to 74 random bits. So Postgres knows it, too, and a
 * winner's key still finds its win after Redis lost everything.
 */
export function attemptOf(id: string): string {
  return Buffer.from(id.slice(-12), "hex").toString("base64url");
}

const scratch = Buffer.alloc(ROLL_BYTES);

function toHex(attempt: string): string {
  scratch.write(attempt, "base64url");
  return scratch.toString("hex");
}
