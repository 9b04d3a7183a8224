import type { Receipt } from "../notes/receipt.js";
import { counted, many, type Report, sentenceOf } from "../report.js";
import { inBase64, Tree } from "../tree.js";

type Watched = Receipt & { tree: Tree; seen: boolean };

/** Looks for the lines of receipts while a log is read. */
export function watchReceipts(receipts: Receipt[], report: Report) {
  const watched: Watched[] = receipts.map((it) => ({
    ...it,
    tree: new Tree(),
    seen: false,
  }));

  function look(text: string, leaf: string, file: string, line: number): void {
    const seq = Number(text.slice(0, text.indexOf("\t")));
    const [, , kind, voided] = text.split("\t", 4);
    for (const one of watched) {
      const { batch } = one;
      // Whoever has a receipt was told what it says.
      if (batch && kind === "V" && voided === String(one.seq)) {
        report.wrong(
          `the win of the receipt ${one.file} is taken back, and its person was told of it`,
          { file, line },
        );
      }
      if (seq === one.seq) {
        one.seen = true;
        if (text !== one.line) {
          const said = JSON.stringify(one.line);
          report.wrong(
            `the receipt ${one.file} has another line for seq ${seq}: ${said}`,
            { file, line },
          );
        } else {
          report.held(
            `The line of the receipt ${one.file} is ${file}:${line}.`,
          );
        }
      }
      if (!batch || seq < batch.first || seq >= batch.first + batch.count)
        continue;
      one.tree.add(leaf);
      if (one.tree.size < batch.count) continue;
      if (inBase64(one.tree.root()) !== batch.root) {
        report.wrong(
          `the lines from seq ${batch.first} to here are not those that the receipt ${one.file} was signed with`,
          { file, line },
        );
      }
    }
  }

  /** What is said of receipts whose line was not there. */
  function end(
    file: string,
    isClosed: boolean,
    lost: (seq: number) => boolean,
  ): void {
    for (const { file: receipt, seq, seen, batch, tree } of watched) {
      if (seen && batch && tree.size < batch.count) {
        const text = `of the ${many(batch.count, "line")} that the receipt ${receipt} was signed with ${counted(tree.size)} ${tree.size === 1 ? "is" : "are"} there`;
        // They were written at once, so they can't be lost but together.
        if (isClosed) report.wrong(text, { file });
        else report.waits(`${file}: ${text} yet.`);
      }
      if (seen) continue;
      const text = `the line with seq ${seq}, which the receipt ${receipt} proves, is not there`;
      if (lost(seq))
        report.unknown(
          `${sentenceOf({ kind: "unknown", text, place: { file } })}: it is among those that Redis is said to have lost.`,
        );
      else if (isClosed) report.wrong(text, { file });
      else
        report.waits(
          `${file} has no line with seq ${seq} yet, which the receipt ${receipt} proves.`,
        );
    }
  }

  return { isAny: watched.length > 0, look, end };
}
