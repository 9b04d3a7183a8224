import { Unreadable } from "./report.js";

const LINE_FEED = 0x0a;
/** No line is nearly so long; what has no end would fill the memory. */
const MOST_BYTES = 1 << 24;

/**
 * Calls `each` with every line, without its line feed, in order. The bytes are valid during the call only. Returns what stands
 * behind the last line feed.
 */
export async function eachLine(
  chunks: AsyncIterable<Uint8Array>,
  each: (line: Buffer) => void,
): Promise<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let from = 0;
    for (
      let end = chunk.indexOf(LINE_FEED);
      end >= 0;
      end = chunk.indexOf(LINE_FEED, from)
    ) {
      const part = chunk.subarray(from, end);
      each(rest.length > 0 ? Buffer.concat([rest, part]) : part);
      if (rest.length > 0) rest = Buffer.alloc(0);
      from = end + 1;
    }
    if (from < chunk.length) {
      rest = Buffer.concat([rest, chunk.subarray(from)]);
      if (rest.length > MOST_BYTES)
        throw new Unreadable("a line has more than 16 MiB, as none can have");
    }
  }
  return rest;
}
