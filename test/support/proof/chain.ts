import { createHash } from "node:crypto";
import { bls12_381 } from "@noble/curves/bls12-381.js";

const GROUP_HASH = "5b".repeat(32);
const ON_G2 = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
const ON_G1 = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

const SCHEMES = {
  "pedersen-bls-unchained": { curve: bls12_381.longSignatures, domain: ON_G2 },
  "bls-unchained-on-g1": { curve: bls12_381.shortSignatures, domain: ON_G2 },
  "bls-unchained-g1-rfc9380": {
    curve: bls12_381.shortSignatures,
    domain: ON_G1,
  },
};
export type Scheme = keyof typeof SCHEMES;

/** A chain as drand's, with a real key that is made of `secret` (32 bytes). */
export function makeChain({
  genesis_time,
  period,
  scheme = "bls-unchained-g1-rfc9380",
  beacon_id = "lucky-test",
  secret = new Uint8Array(32).fill(7),
}: {
  genesis_time: number;
  period: number;
  scheme?: Scheme;
  beacon_id?: string;
  secret?: Uint8Array;
}) {
  const { curve, domain } = SCHEMES[scheme];
  const public_key = curve.getPublicKey(secret).toHex(true);
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(period);
  numbers.writeBigInt64BE(BigInt(genesis_time), 4);
  const chain_hash = createHash("sha256")
    .update(numbers)
    .update(Buffer.from(public_key + GROUP_HASH, "hex"))
    .update(beacon_id === "default" ? "" : beacon_id)
    .digest("hex");

  function sign(round: number): string {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(round));
    const message = createHash("sha256").update(number).digest();
    const point = curve.hash(message, Buffer.from(domain));
    // The two kinds differ in the types of their points only.
    return (curve as typeof bls12_381.shortSignatures)
      .sign(point as never, secret)
      .toHex(true);
  }

  const info = {
    chain_hash,
    public_key,
    scheme: scheme as string,
    genesis_time,
    period,
    group_hash: GROUP_HASH,
    beacon_id,
  };
  return { info, sign };
}
