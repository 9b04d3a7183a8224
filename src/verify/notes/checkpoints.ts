import { eachLine } from "../lines.js";
import { Wrong } from "../report.js";
import { openCheckpoint } from "./checkpoint.js";
import type { Key } from "./key.js";

/** A checkpoint, and the line of its file where it begins. */
export type Placed = { size: number; root: string; line: number };

/** Reads all checkpoints of a file, an empty line after each, and verifies them. */
export async function readCheckpoints(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  { keys, path }: { keys: Key[]; path: string },
): Promise<Placed[]> {
  const placed: Placed[] = [];
  let note = "";
  let [line, begin, gaps] = [0, 1, 0];

  function take(): void {
    try {
      const checkpoint = openCheckpoint(note, keys, path);
      const before = placed.at(-1)?.size ?? 0;
      if (checkpoint.size < before) {
        throw new Wrong(
          `this checkpoint has the size ${checkpoint.size}, and the one before it ${before}`,
        );
      }
      placed.push({ ...checkpoint, line: begin });
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      throw new Wrong(error.message, { file, line: begin });
    }
  }

  const rest = await eachLine(chunks, (bytes) => {
    line += 1;
    const isEmpty = bytes.length === 0;
    if (isEmpty) gaps += 1;
    // The first empty line belongs to the note, the second ends it.
    if (!isEmpty || gaps === 1) {
      note += `${bytes.toString()}\n`;
      return;
    }
    take();
    [note, begin, gaps] = ["", line + 1, 0];
  });
  if (note !== "" || rest.length > 0) {
    throw new Wrong("the last checkpoint does not end", { file, line: begin });
  }
  return placed;
}
