import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
} from "node:crypto";

// All that a day's files are made of, by Node's own functions and the words of the format: nothing of src/verify.

export const sha256 = (...parts: (Buffer | string)[]): Buffer =>
  parts
    .reduce((hash, part) => hash.update(part), createHash("sha256"))
    .digest();

export const hmac = (key: Buffer, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** A key that signs notes. */
export function signer(name: string, seed: Buffer) {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, seed]),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const typed = Buffer.concat([Buffer.from([1]), spki.subarray(-32)]);
  const id = sha256(`${name}\n`, typed).subarray(0, 4);
  return {
    name,
    vkey: `${name}+${id.toString("hex")}+${typed.toString("base64")}`,
    line: (text: string) =>
      `— ${name} ${Buffer.concat([id, sign(null, Buffer.from(text), key)]).toString("base64")}\n`,
  };
}
export type Signer = ReturnType<typeof signer>;

/** `text` ends with a line feed. */
export const noteOf = (text: string, ...signers: Signer[]): string =>
  `${text}\n${signers.map((it) => it.line(text)).join("")}`;

/** The root of RFC 9162, as it is written there: split at the largest power of two below. */
export function rootOf(lines: string[]): Buffer {
  if (lines.length === 0) return sha256("");
  return subtree(lines, 0, lines.length);
}

function subtree(lines: string[], from: number, to: number): Buffer {
  if (to - from === 1) return sha256(Buffer.from([0]), lines[from] ?? "");
  const middle = from + split(to - from);
  return sha256(
    Buffer.from([1]),
    subtree(lines, from, middle),
    subtree(lines, middle, to),
  );
}

function split(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/** The inclusion path of RFC 9162, in hex. */
export function pathOf(lines: string[], index: number): string[] {
  const count = lines.length;
  if (count <= 1) return [];
  const middle = split(count);
  return index < middle
    ? [
        ...pathOf(lines.slice(0, middle), index),
        rootOf(lines.slice(middle)).toString("hex"),
      ]
    : [
        ...pathOf(lines.slice(middle), index - middle),
        rootOf(lines.slice(0, middle)).toString("hex"),
      ];
}
