import fc from "fast-check";

const anyByte = fc.nat(255).map((code) => String.fromCharCode(code));

/**
 * Bytes (as latin1), some of them HTTP's own words, so that the parser gets past the first one. Not HEAD: its answers have
 * no body, and nobody could tell how many of them were written by chance.
 */
export const anyBytes: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.string({ unit: anyByte, maxLength: 40 }),
      fc.constantFrom(
        ...["GET ", "POST ", "CONNECT ", "PRI * HTTP/2.0\r\n\r\n"],
        ...["/draw", "/redeem", "/prizes", "*", "http://x/", " HTTP/1.1\r\n"],
        ...[" HTTP/1.0\r\n", " HTTP/0.9\r\n", " HTTP/2.0\r\n", " HTTP/1.2\n"],
        ...["host: x\r\n", "content-length: 5\r\n", "expect: 100-continue"],
        ...["content-type: application/json\r\n", "\r\n", "\r\n\r\n", "\n"],
        ...["transfer-encoding: chunked\r\n", "0\r\n\r\n", "f".repeat(20)],
        ...["upgrade: h2c\r\nconnection: upgrade\r\n", "\u0000", "\r", ": "],
        ...['{"username":7}', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
        "SM\r\n\r\n\u0000\u0000\u0012\u0004\u0000\u0000\u0000\u0000",
      ),
    ),
    { maxLength: 30, size: "max" },
  )
  .map((parts) => parts.join(""));

/** Bodies that are not as long as they say, or say it twice, or in no number. */
export const badlyFramed: fc.Arbitrary<string> = fc
  .record({
    line: fc.constantFrom("POST /draw", "GET /redeem", "GET /x", "PUT /draw"),
    lengths: fc.array(
      fc.constantFrom(
        ...["content-length: 50", "content-length: 3", "content-length: -1"],
        ...[
          "content-length: +5",
          "content-length: 5, 5",
          "content-length: 0x5",
        ],
        ...["content-length:", "content-length: 99999999999999999999999"],
        ...["content-length: 9007199254740993", "content-length : 5"],
        ...["content-length: 1e3", " content-length: 5", "Content_Length: 5"],
        ...["transfer-encoding: chunked", "transfer-encoding: identity"],
        ...["transfer-encoding: chunked, chunked", "transfer-encoding: gzip"],
        ...["transfer-encoding: \u000bchunked", "transfer-encoding : chunked"],
        ...["transfer-encoding:\r\n chunked", "trailer: content-length"],
      ),
      { maxLength: 3 },
    ),
    body: fc.oneof(
      fc.constantFrom(
        ...["", '{"username":7}', "0\r\n\r\n", "5\r\nabcde\r\n0\r\n\r\n"],
        ...["-1\r\n\r\n", "fffffffffffffffff\r\nx", "5;x=y\r\nabcde\r\n0\r\n"],
        ...["5\nabcde\n0\n\n", "5\r\nabcdefghij\r\n0\r\n\r\n", "\r\n\r\n"],
        ...["0\r\n__proto__: x\r\ncontent-length: 5\r\n\r\n", "0x5\r\nabcde"],
        `5;${"x".repeat(20_000)}\r\nabcde\r\n0\r\n\r\n`,
        `0\r\n${"t: 1\r\n".repeat(4_000)}\r\n`,
        "1\r\nx\r\n".repeat(5_000),
      ),
      fc.string({ unit: "binary", maxLength: 100 }),
    ),
  })
  .map(
    ({ line, lengths, body }) =>
      `${line} HTTP/1.1\r\n${["host: x", "content-type: application/json", ...lengths].join("\r\n")}\r\n\r\n${body}`,
  );

/** Cuts bytes at some of the places given (0 to 1 of their length). */
export function cut(whole: Uint8Array, places: number[]): Uint8Array[] {
  const ends = places
    .map((place) => Math.floor(place * whole.length))
    .sort((a, b) => a - b);
  const starts = [0, ...ends];
  return starts.map((start, n) => whole.subarray(start, ends[n]));
}
