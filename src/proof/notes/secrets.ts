import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
} from "node:crypto";

/** Signs notes by one key. */
export type Signer = {
  /** `NAME+id+base64`, the line of key.txt */
  verifierKey: string;
  /** the line that signs a text: `— NAME base64` */
  line(text: string): string;
};

const hmac = (key: Buffer, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();

/** What a day's rolls and names come from, 32 bytes each. `proofKey`: hex. */
export function secretsOf(
  proofKey: string,
  campaign: string,
  day: string,
): { seed: Buffer; names_key: Buffer } {
  const key = Buffer.from(proofKey, "hex");
  return {
    seed: hmac(key, `lucky-draw/v1/seed\n${campaign}\n${day}`),
    names_key: hmac(key, `lucky-draw/v1/names\n${campaign}\n${day}`),
  };
}

/** The seed of the Ed25519 key, 32 bytes. */
export const signingSeed = (proofKey: string): Buffer =>
  hmac(Buffer.from(proofKey, "hex"), "lucky-draw/v1/sign");

/** How an Ed25519 seed begins as PKCS 8 (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Before a public key in an id and in a verifier key: Ed25519. */
const ED25519 = Buffer.of(1);

/** Signs in the name of PROOF_NAME, as C2SP signed notes are. */
export function createSigner(name: string, proofKey: string): Signer {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, signingSeed(proofKey)]),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = spki.subarray(-32);
  const id = createHash("sha256")
    .update(`${name}\n`)
    .update(ED25519)
    .update(publicKey)
    .digest()
    .subarray(0, 4);
  const encoded = Buffer.concat([ED25519, publicKey]).toString("base64");
  return {
    verifierKey: `${name}+${id.toString("hex")}+${encoded}`,
    line: (text) => {
      const signature = sign(null, Buffer.from(text), key);
      return `— ${name} ${Buffer.concat([id, signature]).toString("base64")}\n`;
    },
  };
}

/** A signed note: text that ends with a line feed, an empty line, a line of each signer. */
export const noteOf = (text: string, ...signers: Signer[]): string =>
  `${text}\n${signers.map((signer) => signer.line(text)).join("")}`;
