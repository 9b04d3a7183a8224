import { randomBytes } from "node:crypto";
import { gunzipSync, gzipSync, inflateRawSync } from "node:zlib";
import t from "tap";
import { join, pack, unpack } from "../../src/proof/log/pack.js";

// Packed parts of a log become one gzip member: what curl and browsers read whole.

async function joined(parts: Buffer[]): Promise<Buffer> {
  async function* each() {
    yield parts.slice(0, 2);
    if (parts.length > 2) yield parts.slice(2);
  }
  const all: Buffer[] = [];
  for await (const part of join(each())) all.push(part);
  return Buffer.concat(all);
}

/** What is behind a file's first member, whose head has ten bytes. */
function afterFirst(file: Buffer): number {
  const { engine } = inflateRawSync(file.subarray(10), {
    info: true,
  } as object) as unknown as { engine: { bytesWritten: number } };
  return file.length - 10 - engine.bytesWritten - 8;
}

t.test(
  "each part is a file of its own, and several in a row are one",
  async (t) => {
    const texts = ["first\n", "second\n", ""].map(Buffer.from);
    const parts = await Promise.all(texts.map(pack));
    for (const [n, part] of parts.entries()) {
      t.same(gunzipSync(part), texts[n]);
      t.same(await unpack(part), texts[n]);
    }
    t.same(gunzipSync(Buffer.concat(parts)), Buffer.concat(texts));
  },
);

t.test("joined they are one member", async (t) => {
  const texts = [
    Buffer.from("0\t1\tD\n".repeat(5_000)),
    randomBytes(70_000),
    Buffer.from("x"),
    Buffer.alloc(300_000),
  ];
  for (let count = 0; count <= texts.length; count += 1) {
    const some = texts.slice(0, count);
    const file = await joined(await Promise.all(some.map(pack)));
    t.same(gunzipSync(file), Buffer.concat(some), `${count} parts`);
    t.equal(afterFirst(file), 0);
  }
  t.ok(afterFirst(Buffer.concat(texts.map((it) => gzipSync(it)))) > 0);
});

t.test("parts that another program packed go with them", async (t) => {
  const texts = ["a\n".repeat(999), "b\n", "c\n".repeat(9)].map(Buffer.from);
  const [a, b, c] = texts as [Buffer, Buffer, Buffer];
  const file = await joined([gzipSync(a), await pack(b), gzipSync(c)]);
  t.same(gunzipSync(file), Buffer.concat(texts));
  t.equal(afterFirst(file), 0);
});
