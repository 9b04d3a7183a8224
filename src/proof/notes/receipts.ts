import { noteOf, type Signer } from "./secrets.js";
import { leafOf, treeOf } from "./tree.js";

/** Proves that a line was decided: its path to the root that the note signs. */
export type Receipt = {
  line: string;
  /** the place of the line among those that the note is of */
  index: number;
  /** hex */
  path: string[];
  note: string;
};

/**
 * The receipts of the lines that were decided together: one signature for all (36 µs here), and the hashes of a tree. Returns how a line's
 * receipt is made.
 */
export function receiptsOf(
  signer: Signer,
  of: { campaign: string; day: string; shard: number },
  lines: string[],
): (index: number) => Receipt {
  const tree = treeOf(lines.map(leafOf));
  const first = Number.parseInt(lines[0] ?? "0", 10);
  const text = `lucky-draw-receipt\n${of.campaign}\n${of.day}\n${of.shard}\n${first}\n${lines.length}\n${tree.root.toString("base64")}\n`;
  const note = noteOf(text, signer);
  return (index) => ({
    line: lines[index] ?? "",
    index,
    path: tree.pathOf(index).map((hash) => hash.toString("hex")),
    note,
  });
}
