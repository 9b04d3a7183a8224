import { base64 } from "../hashes/bytes.js";
import { createTree, leafOf } from "../hashes/tree.js";
import { get, urlOf } from "./files.js";
import { readLines } from "./lines.js";

/**
 * Reads the log of a shard to its end: each line is replayed, and the tree is compared with every checkpoint and with the close.
 *
 * @param {import("./files.js").Where} where
 * @param {{
 *   here: import("./steps.js").Where, take: (line: string) => void, roots: Map<number, string>, largest: number,
 *   closed: { size: number, root: string } | undefined, isClosed: boolean, wrong: (step: string, said: string) => void,
 *   read: () => void
 * }} log  `here`: set to the line that is looked at; `read`: called for each line
 * @returns {Promise<string[]>} its text, in pieces of whole lines
 */
export async function readLog(where, log) {
  const { here, take, roots, largest, closed, isClosed, wrong, read } = log;
  const tree = createTree();
  function compare() {
    const root = roots.get(tree.size());
    if (root !== undefined && root !== base64(tree.root())) {
      wrong("tree", `Until here the log has another root than was signed.`);
    }
  }
  /** @type {string[]} */
  const pieces = [];
  compare();
  const answer = await get(urlOf(where, here.file));
  // Nobody may have drawn on one of several shards.
  if (!answer && Math.max(largest, closed?.size ?? 0) > 0) {
    wrong("log", `There is no ${here.file}.`);
  }
  const end =
    answer &&
    (await readLines(
      answer,
      (bytes, text) => {
        here.line += 1;
        here.text = text;
        tree.add(leafOf(bytes));
        take(text);
        compare();
        read();
      },
      (piece) => pieces.push(piece),
    ));
  here.text = "";
  if (end) wrong("log", end);
  const size = tree.size();
  if (largest > size) {
    wrong(
      "tree",
      `A log of ${largest} lines was signed, and there are ${size}: some are gone.`,
    );
  }
  if (isClosed && closed?.size !== size) {
    wrong(
      "tree",
      `The close is of ${closed?.size} lines, and there are ${size}.`,
    );
  } else if (isClosed && closed?.root !== base64(tree.root())) {
    wrong("tree", "The close has another root than the log.");
  }
  return pieces;
}
