import { createPublicKey, type KeyObject } from "node:crypto";
import { sha256 } from "../hash.js";
import { Wrong } from "../report.js";

/** A key that notes are verified by. */
export type Key = {
  /** as signed-note writes it */
  text: string;
  name: string;
  id: Buffer;
  key: KeyObject;
};

const ED25519 = 1;

/** Reads `NAME+hex(id)+base64(0x01 ‖ public key)`. */
export function parseKey(text: string): Key {
  const [, name = "", id = "", packed = ""] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const bytes = Buffer.from(packed, "base64");
  if (bytes.length !== 33 || bytes[0] !== ED25519) {
    throw new Wrong(`${JSON.stringify(text)} is not an Ed25519 verifier key`);
  }
  const expected = idOf(name, bytes);
  if (!expected.equals(Buffer.from(id, "hex"))) {
    throw new Wrong(
      `the id of the key ${text} is ${id}, but its name and its bytes make ${expected.toString("hex")}`,
    );
  }
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    x: bytes.subarray(1).toString("base64url"),
  };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  return { text, name, id: expected, key };
}

const idOf = (name: string, typed: Buffer): Buffer =>
  Buffer.from(
    sha256(Buffer.concat([Buffer.from(`${name}\n`), typed])),
    "latin1",
  ).subarray(0, 4);

export const parseKeys = (text: string): Key[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map(parseKey);
