import type { makeChain } from "./chain.js";
import { hmac, sha256 } from "./notes.js";

// The rules of a draw, played plainly: numbers are lists of numbers, and nothing is clever.

export type PrizeRule = {
  id: string;
  odds_to: number;
  daily_quota: number | null;
  total_quota: number | null;
  fallback: boolean;
  moments: boolean;
  release: [number, number] | null;
};
export type Rules = {
  starts_at: number | null;
  ends_at: number | null;
  draws_per_day: number;
  wins_per_user: number | null;
  inactive: boolean;
};
export type MomentOf = { id: number; prize: string; at: number };
export type Numbers = { counter: number; spare: number[]; held: number[] };

export const PROOF_KEY = Buffer.from("11".repeat(32), "hex");

export function secretsOf(campaign: string, day: string) {
  const secret = (name: string) =>
    hmac(PROOF_KEY, `lucky-draw/v1/${name}\n${campaign}\n${day}`);
  return { seed: secret("seed"), namesKey: secret("names") };
}

export function dayKeyOf(
  campaign: string,
  day: string,
  signature: string | null,
): Buffer {
  const randomness =
    signature === null
      ? ""
      : sha256(Buffer.from(signature, "hex")).toString("hex");
  const { seed } = secretsOf(campaign, day);
  return hmac(seed, `lucky-draw/v1/day\n${campaign}\n${day}\n${randomness}`);
}

export function rollOf(dayKey: Buffer, p: string, drawNo: number): number {
  for (let n = 0; ; n += 1) {
    const h = hmac(dayKey, `${p}\n${drawNo}\n${n}`);
    for (let word = 0; word < 8; word += 1) {
      const roll = h.readUInt32BE(word * 4) >>> 2;
      if (roll < 1_000_000_000) return roll;
    }
  }
}

/** Units of a daily quota that can have gone by a moment. */
export function released(
  { daily_quota, release }: PrizeRule,
  at: number,
): number {
  if (daily_quota === null) return Number.POSITIVE_INFINITY;
  if (!release || at >= release[1]) return daily_quota;
  if (at <= release[0]) return 0;
  const [from, to] = release;
  return Number((BigInt(daily_quota) * BigInt(at - from)) / BigInt(to - from));
}

/** The number that a pool gives next. */
export function nextNumber(
  pool: Numbers,
  quota: number,
  isSharded: boolean,
): number | undefined {
  if (isSharded) {
    const [lowest] = [...pool.held].sort((a, b) => a - b);
    return lowest !== undefined && lowest <= quota ? lowest : undefined;
  }
  const [lowest] = [...pool.spare].sort((a, b) => a - b);
  if (
    lowest !== undefined &&
    lowest <= quota &&
    pool.counter - pool.spare.length < quota
  )
    return lowest;
  return pool.counter + 1 <= quota ? pool.counter + 1 : undefined;
}

export function takeNumber(
  pool: Numbers,
  number: number,
  isSharded: boolean,
): void {
  if (isSharded) {
    pool.held = pool.held.filter((it) => it !== number);
    pool.counter += 1;
  } else if (pool.spare.includes(number)) {
    pool.spare = pool.spare.filter((it) => it !== number);
  } else {
    pool.counter = number;
  }
}

/** Numbers as ranges, in order. */
export function rangesOf(numbers: number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

export type Chain = ReturnType<typeof makeChain>;
