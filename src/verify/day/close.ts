import { verifyRound } from "../beacon.js";
import { sha256Hex } from "../hash.js";
import {
  isCount,
  isHash,
  isHex,
  isText,
  oneOf,
  orNull,
  parseShaped,
  recordOf,
} from "../json.js";
import { Wrong } from "../report.js";
import { type Seal, trees } from "./seal.js";

const CLOSE = {
  v: oneOf(1),
  campaign: isText,
  day: isText,
  seed: isHash,
  beacon_signature: orNull(isHex),
  draws: isCount,
  wins: recordOf(isCount),
  trees,
};

export const readClose = (text: string) => parseShaped(text, CLOSE);
export type Close = ReturnType<typeof readClose>;

/** Whether the close is of the seal's day. */
export function checkClose(close: Close, seal: Seal): void {
  if (close.campaign !== seal.campaign || close.day !== seal.day) {
    throw new Wrong(
      `this is the close of ${close.campaign}, ${close.day}, and the seal is of ${seal.campaign}, ${seal.day}`,
    );
  }
  if (close.trees.length !== seal.shards) {
    throw new Wrong(
      `the close has ${close.trees.length} trees, the seal ${seal.shards} shards`,
    );
  }
}

export function checkSeed(close: Close, seal: Seal): void {
  const hash = sha256Hex(Buffer.from(close.seed, "hex"));
  if (hash !== seal.seed_hash) {
    throw new Wrong(
      `the seed is not the one that was sealed: its hash is ${hash}, the seal's ${seal.seed_hash}`,
    );
  }
}

/** What the beacon gave to the rolls; empty where the day has none. */
export function randomnessOf(close: Close, seal: Seal): string {
  const { beacon } = seal;
  const signature = close.beacon_signature;
  if (signature === null) return "";
  if (!beacon) {
    throw new Wrong(
      "there is a beacon_signature, but the seal names no beacon",
    );
  }
  if (!verifyRound(beacon, beacon.round, signature)) {
    throw new Wrong(
      `beacon_signature is not that of round ${beacon.round} by the chain that the seal names`,
    );
  }
  return sha256Hex(Buffer.from(signature, "hex"));
}
