import { createCipheriv } from "node:crypto";
import { PARTS } from "../../src/random.js";

/** Repeatable uniform rolls: the key stream of AES-CTR. */
export function* uniform() {
  const stream = createCipheriv(
    "aes-128-ctr",
    Buffer.alloc(16, "odds"),
    Buffer.alloc(16),
  );
  for (;;) {
    const block = stream.update(Buffer.alloc(4096));
    for (let at = 0; at < block.length; at += 4) {
      const bits = block.readUInt32BE(at);
      if (bits < 4 * PARTS) yield bits % PARTS;
    }
  }
}
