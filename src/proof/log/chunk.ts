import { growingTree, type Hash, leafOf } from "../notes/tree.js";
import { parseLine, parseOutcome } from "./lines.js";
import { pack } from "./pack.js";

/** How far a log is kept: of a row of `proof_log`. */
export type Kept = {
  size: number;
  next_seq: number;
  bytes: number;
  draws: number;
  wins: number;
  frontier: Hash[];
};

export type LineOfWin = {
  seq: number;
  prize_id: string;
  unit: number;
  p: string;
};

/** Lines that are kept together, and what they change. */
export type Chunk = {
  after: Kept;
  first_seq: number;
  lines: number;
  bytes: number;
  packed: Buffer;
  blocks: Buffer;
  root: Hash;
  wins: LineOfWin[];
  /** seq of wins before this chunk that came to nothing */
  voided: number[];
  /** where numbers are missing that no line declares */
  unexplained: number | undefined;
};

/** The chunk of the lines that are not kept yet; undefined where all are. */
export async function chunkOf(
  before: Kept,
  texts: string[],
): Promise<Chunk | undefined> {
  const tree = growingTree(before.size, before.frontier);
  const wins = new Map<number, LineOfWin>();
  const voided: number[] = [];
  const lines: string[] = [];
  let { next_seq, draws, wins: won } = before;
  let unexplained: number | undefined;
  let first_seq = -1;
  for (const text of texts) {
    const line = parseLine(text);
    // Another server has moved it already.
    if (line.seq < next_seq) continue;
    const isNext =
      line.seq === next_seq || (line.kind === "G" && line.from <= next_seq);
    if (!isNext) unexplained ??= next_seq;
    if (first_seq < 0) first_seq = line.seq;
    next_seq = line.seq + 1;
    lines.push(text);
    tree.add(leafOf(text));
    if (line.kind === "D") draws += 1;
    if (line.kind === "D" || line.kind === "R") {
      const prize = parseOutcome(line.outcome);
      if (prize) {
        const { prize_id, unit } = prize;
        won += 1;
        wins.set(line.seq, { seq: line.seq, prize_id, unit, p: line.p });
      }
    }
    if (line.kind === "V" && !wins.delete(line.of)) voided.push(line.of);
  }
  if (lines.length === 0) return undefined;
  const file = Buffer.from(`${lines.join("\n")}\n`);
  const packed = await pack(file);
  return {
    after: {
      size: tree.size(),
      next_seq,
      bytes: before.bytes + file.length,
      draws,
      wins: won,
      frontier: tree.roots,
    },
    first_seq,
    lines: lines.length,
    bytes: file.length,
    packed,
    blocks: Buffer.from(tree.blocks.join(""), "hex"),
    root: tree.root(),
    wins: [...wins.values()],
    voided,
    unexplained,
  };
}
