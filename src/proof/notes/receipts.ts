import { noteOf, type Signer } from "./secrets.js";
import { base64Of, leafOf, treeOf } from "./tree.js";

/**
 * A receipt, which proves that a line was decided, as JSON: `line`; `index`, its place among those that `note` is of; `path`, the
 * hex hashes from it to the root that `note` signs.
 */
export type Receipt = string;

/**
 * The receipts of the lines that were decided together: one signature for all (36 µs here), and the hashes of a tree. Returns how a line's
 * receipt is made. As JSON of ASCII: what all have in common is written once, and an answer with any other character takes twice the
 * bytes of memory.
 */
export function receiptsOf(
  signer: Signer,
  of: { campaign: string; day: string; shard: number },
  lines: string[],
): (index: number) => Receipt {
  const tree = treeOf(lines.map(leafOf));
  const first = Number.parseInt(lines[0] ?? "0", 10);
  const text = `lucky-draw-receipt\n${of.campaign}\n${of.day}\n${of.shard}\n${first}\n${lines.length}\n${base64Of(tree.root)}\n`;
  const note = asciiOf(noteOf(text, signer));
  return (index) => {
    const path = tree.pathOf(index);
    const hashes = path.length > 0 ? `"${path.join('","')}"` : "";
    return `{"line":${asciiOf(lines[index] ?? "")},"index":${index},"path":[${hashes}],"note":${note}}`;
  };
}

const OTHER = /[\u0080-\uffff]/g;

/** JSON of a text, in ASCII. */
const asciiOf = (text: string): string =>
  JSON.stringify(text).replace(
    OTHER,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
