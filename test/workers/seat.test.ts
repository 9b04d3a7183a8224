import { PassThrough } from "node:stream";
import t from "tap";
import { handOnLines } from "../../src/workers/lines.js";
import { keepRunning } from "../../src/workers/seat.js";

t.test("who dies at every start gets longer and longer pauses", async (t) => {
  const ending = new AbortController();
  const pauses: number[] = [];
  const dead = { code: 1, signal: null, listened: false };
  const began = performance.now();
  await keepRunning(
    async () => dead,
    ending.signal,
    ({ pause }) => {
      pauses.push(pause);
      if (pauses.length === 4) ending.abort();
    },
  );
  t.same(pauses, [0, 1_000, 2_000, 4_000]);
  t.ok(performance.now() - began >= 3_000, "and they are kept");
});

t.test("lines of several workers come whole", async (t) => {
  const written: string[] = [];
  const [one, two] = [new PassThrough(), new PassThrough()];
  for (const from of [one, two]) {
    handOnLines(from, (line) => written.push(line));
  }
  const long = "é\u2028".repeat(100_000);
  const bytes = Buffer.from(`{"a":"${long}"}\n{"b":1}\n{"half`);
  for (let at = 0; at < bytes.length; at += 4_097) {
    one.write(bytes.subarray(at, at + 4_097));
    two.write('{"c":2}\n');
  }
  one.end();
  two.end();
  await Promise.all(
    [one, two].map((it) => new Promise((r) => it.on("end", r))),
  );
  const others = written.filter((line) => line !== '{"c":2}\n');
  t.equal(others.length, 2, "no half line");
  t.ok(others[0] === `{"a":"${long}"}\n`, "the long one");
  t.equal(others[1], '{"b":1}\n');
});
