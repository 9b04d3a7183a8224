import { BLOCK, type Hash, nodeOf } from "../notes/tree.js";

/** What is known of a log's tree: the roots of its whole blocks, and of all perfect trees that they make up. */
export type Blocks = {
  /** the line from which on chunks are not read yet */
  upTo: number;
  /** level, number → root of 2 to the level blocks */
  levels: Hash[][];
};

/** Logs whose blocks are kept: of a million lines they take a megabyte. */
const MOST_LOGS = 16;

const HASH_BYTES = 32;

/** The blocks of the logs that were asked for last, so that each is read once. */
export function keepBlocks() {
  const logs = new Map<string, Blocks>();

  return function of(log: string): Blocks {
    const blocks = logs.get(log) ?? { upTo: 0, levels: [[]] };
    logs.delete(log);
    logs.set(log, blocks);
    const [oldest = ""] = logs.keys();
    if (logs.size > MOST_LOGS) logs.delete(oldest);
    return blocks;
  };
}

/** Takes the roots of the blocks that end behind line `from`, and before line `to`. Some may be known by now. */
export function addBlocks(
  blocks: Blocks,
  { from, to, roots }: { from: number; to: number; roots: Uint8Array },
): void {
  for (let at = 0; at < roots.length; at += HASH_BYTES) {
    const number = Math.floor(from / BLOCK) + at / HASH_BYTES;
    const root = Buffer.from(roots.subarray(at, at + HASH_BYTES)).toString(
      "hex",
    );
    if (number === blocks.levels[0]?.length) add(blocks.levels, root);
  }
  blocks.upTo = Math.max(blocks.upTo, to);
}

function add(levels: Hash[][], block: Hash): void {
  let root = block;
  for (let n = 0; ; n++) {
    const level = levels[n] ?? [];
    levels[n] = level;
    level.push(root);
    if (level.length % 2 === 1) return;
    root = nodeOf(level.at(-2) as Hash, root);
  }
}
