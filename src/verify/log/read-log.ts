import { eachLine } from "../lines.js";
import type { Placed } from "../notes/checkpoints.js";
import { replayLine } from "../replay/replay.js";
import { checkReturned } from "../replay/return-win.js";
import { createLogState, type DayState } from "../replay/state.js";
import { counted, many, type Report, Wrong } from "../report.js";
import { inBase64, leafOf, Tree } from "../tree.js";
import type { watchReceipts } from "./receipts.js";

/** Roots that a log must have on the way, the smallest size first. */
export type Signed = Placed & { file: string };

type Given = {
  shard: number;
  chunks: AsyncIterable<Uint8Array>;
  signed: Signed[];
  receipts: ReturnType<typeof watchReceipts>;
  isClosed: boolean;
  report: Report;
  onLine: () => void;
};

/** Reads a log once: replays it, and compares its roots with all that were signed. Returns whether its replay held to the end. */
export async function readLog(
  day: DayState,
  { shard, chunks, signed, receipts, isClosed, report, onLine }: Given,
): Promise<boolean> {
  const file = `log-${shard}.tsv`;
  const log = createLogState(day, shard);
  const tree = new Tree();
  let isRight = true;
  let at = 0;

  /** Compares the roots that were signed at the size that is reached. */
  function compare(): void {
    for (let one = signed[at]; one?.size === tree.size; one = signed[at]) {
      if (inBase64(tree.root()) !== one.root) {
        report.wrong(
          `this signs another root over the first ${many(one.size, "line")} of ${file}: one of them is not the line that was signed`,
          { file: one.file, line: one.line },
        );
        at = signed.length;
      }
      at += 1;
    }
  }

  compare();
  const rest = await eachLine(chunks, (bytes) => {
    log.line += 1;
    day.tally.lines += 1;
    const leaf = leafOf(bytes);
    tree.add(leaf);
    const text = bytes.toString();
    if (isRight) {
      try {
        replayLine(day, log, text);
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        isRight = false;
        // What it held from here on is not known.
        day.holdings.end(log.at);
        report.wrong(error.message, { file, line: log.line });
      }
    }
    if (receipts.isAny) receipts.look(text, leaf, file, log.line);
    compare();
    onLine();
  });
  if (rest.length > 0) {
    report.wrong("the last line does not end", { file, line: log.line + 1 });
  }
  if (isRight) {
    isRight = report.check(() => {
      checkReturned(day, log);
      return undefined;
    });
  }
  const missed = signed[at];
  if (missed) {
    report.wrong(
      `this signs ${many(missed.size, "line")} of ${file}, which has ${counted(tree.size)}`,
      { file: missed.file, line: missed.line },
    );
  }
  receipts.end(file, isClosed, (seq) =>
    log.lost.some(([from, to]) => seq >= from && seq <= to),
  );
  const last = signed.at(-1)?.size ?? 0;
  const after = tree.size - last;
  if (after > 0) {
    const text = `the last ${many(after, "line")} of ${file} ${after === 1 ? "is" : "are"} not signed`;
    if (isClosed)
      report.wrong(`${text}, though the day is closed`, {
        file,
        line: last + 1,
      });
    else report.waits(`For a checkpoint: ${text} yet.`);
  }
  return isRight && rest.length === 0;
}
