import { createHmac } from "node:crypto";

const hmac = (key: Buffer, text: string) =>
  createHmac("sha256", key).update(text).digest();

/** What a day is drawn and written with: src/verify/README.md#the-roll. `proofKeyHex`: one key of PROOF_KEY. */
export function secretsOf(
  proofKeyHex: string,
  campaign: string,
  day: string,
): { seed: Buffer; names_key: Buffer } {
  const key = Buffer.from(proofKeyHex, "hex");
  const of = (what: string) =>
    hmac(key, `lucky-draw/v1/${what}\n${campaign}\n${day}`);
  return { seed: of("seed"), names_key: of("names") };
}

/** The Ed25519 seed of the key that signs. */
export const signingSeed = (proofKeyHex: string): Buffer =>
  hmac(Buffer.from(proofKeyHex, "hex"), "lucky-draw/v1/sign");
