import { createHash } from "node:crypto";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { own } from "./json.js";
import { Wrong } from "./report.js";

/** A chain of drand, whose rounds are signed alone. */
export type ChainInfo = {
  chain_hash: string;
  public_key: string;
  scheme: string;
  /** seconds since 1970: when its round 1 is */
  genesis_time: number;
  /** seconds from one round to the next */
  period: number;
  group_hash: string;
  beacon_id: string;
};

/** Chains that no operator of draws runs: others could know their rounds no sooner than anybody. By their hash, which their key is part of. */
const PUBLIC_CHAINS: Record<string, string> = {
  "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971":
    "drand's quicknet",
};

/** The name of a chain that is known to be run by many; undefined: whoever runs it may know its rounds beforehand. */
export const publicChain = (hash: string): string | undefined =>
  own(PUBLIC_CHAINS, hash);

const { longSignatures, shortSignatures } = bls12_381;
const ON_G2 = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
const ON_G1 = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/** Where signatures lie, and how texts are hashed there. `bls-unchained-on-g1` has the name of the other group by a mistake of drand. */
const SCHEMES: Record<string, { isShort: boolean; domain: string }> = {
  "pedersen-bls-unchained": { isShort: false, domain: ON_G2 },
  "bls-unchained-on-g1": { isShort: true, domain: ON_G2 },
  "bls-unchained-g1-rfc9380": { isShort: true, domain: ON_G1 },
};

export const isScheme = (name: string): boolean => Object.hasOwn(SCHEMES, name);

/** Whether a chain's key signed a round; false for what is no key or no signature, and for schemes that are not known. */
export function verifyRound(
  { scheme, public_key }: Pick<ChainInfo, "scheme" | "public_key">,
  round: number,
  signature: string,
): boolean {
  const known = isScheme(scheme) ? SCHEMES[scheme] : undefined;
  if (!known) return false;
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(round));
  const message = createHash("sha256").update(number).digest();
  const domain = Buffer.from(known.domain);
  try {
    return known.isShort
      ? shortSignatures.verify(
          shortSignatures.Signature.fromHex(signature),
          shortSignatures.hash(message, domain),
          Buffer.from(public_key, "hex"),
        )
      : longSignatures.verify(
          longSignatures.Signature.fromHex(signature),
          longSignatures.hash(message, domain),
          Buffer.from(public_key, "hex"),
        );
  } catch {
    return false;
  }
}

/** The name of a chain, as drand makes it of what the chain is. */
export function chainHashOf(
  info: Omit<ChainInfo, "chain_hash" | "scheme">,
): string {
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(info.period);
  numbers.writeBigInt64BE(BigInt(info.genesis_time), 4);
  const isDefault = info.beacon_id === "default";
  return createHash("sha256")
    .update(numbers)
    .update(Buffer.from(info.public_key, "hex"))
    .update(Buffer.from(info.group_hash, "hex"))
    .update(isDefault ? "" : info.beacon_id)
    .digest("hex");
}

/** The last round that is not after a moment in milliseconds; 0: there is none yet. */
export const roundBefore = (
  { genesis_time, period }: Pick<ChainInfo, "genesis_time" | "period">,
  moment: number,
): number =>
  Math.max(0, Math.floor((moment - genesis_time * 1000) / (period * 1000)) + 1);

/** When a round is, in milliseconds. */
export const timeOf = (
  { genesis_time, period }: Pick<ChainInfo, "genesis_time" | "period">,
  round: number,
): number => (genesis_time + (round - 1) * period) * 1000;

const MINUTE = 60_000;

/** The seal's beacon: a true chain, and a round that nobody could know when the day was sealed. */
export function checkBeacon(
  beacon: ChainInfo & { round: number },
  { begins_at, sealed_at }: { begins_at: number; sealed_at: number },
): void {
  if (!isScheme(beacon.scheme)) {
    throw new Wrong(
      `the beacon's scheme ${beacon.scheme} is none that this verifier knows`,
    );
  }
  const hash = chainHashOf(beacon);
  if (hash !== beacon.chain_hash) {
    throw new Wrong(
      `the beacon's chain is ${hash}, but the seal says ${beacon.chain_hash}`,
    );
  }
  const round = roundBefore(beacon, begins_at - MINUTE);
  if (round !== beacon.round) {
    throw new Wrong(
      `the last round a minute before the day is ${round}, but the seal names ${beacon.round}`,
    );
  }
  if (sealed_at > timeOf(beacon, round) - 10 * MINUTE) {
    throw new Wrong(
      `the seal was made less than ten minutes before the beacon's round ${round}`,
    );
  }
}
