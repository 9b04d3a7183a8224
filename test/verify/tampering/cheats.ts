import type { Asked } from "../../../src/verify/verify-day.js";
import { noteOf } from "../../support/proof/notes.js";
import { BEGINS_AT, receiptOf, SIGNER } from "../../support/proof-day.js";
import {
  type Case,
  edit,
  editTable,
  fieldsOf,
  find,
  isKind,
  isWinOf,
  logOf,
  place,
  proofOf,
  renumber,
} from "./case.js";

// What whoever runs the draws could do to hide prizes or to favour somebody, and sign it all.

const RECEIPT_OF = 30;
const asReceipt = (json: unknown): Partial<Asked> => ({
  receipts: [{ file: "mine.json", json: JSON.stringify(json) }],
});
let kept: unknown;

/** Says a loss of some numbers at the end of a log, and puts lines behind it; the last one is what is wrong. */
function loseAndPut(draft: Parameters<typeof logOf>[0], ...lines: string[]) {
  const log = logOf(draft);
  const [seq, at] = fieldsOf(log.at(-1));
  const lost = Number(seq) + 5;
  log.push([lost, at, "G", Number(seq) + 1, lost - 1, "loss"].join("\t"));
  for (const [n, line] of lines.entries())
    log.push([lost + 1 + n, at, line].join("\t"));
  draft.checkpoints = [[log.length]];
  return place(log.length - 1);
}
const NOBODY = "0".repeat(32);

export const CHEATS: Case[] = [
  {
    name: "a moment is taken away, as if it had been won",
    change: (draft) =>
      editTable(draft, 1, (table) => {
        table.claimed = [...table.claimed, 12];
      }),
    says: /moment 12 is said to have been won before, and no line won it/,
  },
  {
    name: "a friend's prize comes back that was never there",
    change: (draft) => loseAndPut(draft, `R\t${NOBODY}\t1\tyacht:1:1`),
    says: /unit 1, 1 of the day, of yacht comes back, and no table of the log has so many/,
  },
  {
    name: "a friend's prize comes back above its quota",
    change: (draft) => loseAndPut(draft, `R\t${NOBODY}\t1\tcar:4:2`),
    says: /unit 4, 2 of the day, of car comes back, and no table/,
  },
  {
    name: "a friend's prize comes back for a roll that loses",
    change: (draft) => loseAndPut(draft, `R\t${NOBODY}\t1\tcoupon:190:60`),
    says: /coupon comes back for the roll \d+, to which no table of the log gives it/,
  },
  {
    name: "a history that was written anew from before the line of a proof",
    change: (draft) => {
      kept = proofOf(draft, RECEIPT_OF);
      edit(draft, 20, (f) => {
        f[1] = String(Number(f[1]) + 1);
      });
      return undefined;
    },
    asked: () => asReceipt({ success: true, data: kept }),
    says: /mine\.json:1: this signs another root over the first \d+ lines of log-0\.tsv/,
  },
  {
    name: "a receipt of a shard that no log is of",
    asked: (draft) => {
      const right = receiptOf(draft, 0, RECEIPT_OF, 1, RECEIPT_OF);
      const [text = ""] = right.note.split("\n\n");
      const note = noteOf(`${text.replace("\n0\n", "\nx\n")}\n`, SIGNER);
      return asReceipt({ ...right, note });
    },
    says: /its note has "x" where a number is/,
  },
  {
    name: "a win is taken back whose winner has the receipt",
    change: (draft) => {
      const at = find(draft, isWinOf("tea"), {
        from: logOf(draft).length - 60,
      });
      kept = receiptOf(draft, 0, at, 1, at);
      const [, moment] = fieldsOf(logOf(draft)[at]);
      logOf(draft).splice(at + 1, 0, `0\t${moment}\tV\t${at}`);
      logOf(draft).length = at + 2;
      renumber(draft);
      draft.checkpoints = [[at + 2]];
      return place(at + 1);
    },
    asked: () => asReceipt(kept),
    says: /the win of the receipt mine\.json is taken back, and its person was told of it/,
  },
  {
    name: "lines are said to be lost of a batch of which others are there",
    change: (draft) => {
      const log = logOf(draft);
      const at = log.length - 8;
      kept = receiptOf(draft, 0, at, 8, at + 1);
      log.length = at + 4;
      loseAndPut(draft);
      return "log-0.tsv";
    },
    asked: () => asReceipt(kept),
    says: /of the 8 lines that the receipt mine\.json was signed with 4 are there/,
  },
  {
    name: "the checkpoints of a closed day are kept back",
    files: (files) => {
      delete files["checkpoints-0.txt"];
      return "checkpoints-0.txt";
    },
    says: /the checkpoints of a closed day are missing/,
  },
  {
    name: "a sentence of its own",
    change: (draft) =>
      edit(draft, find(draft, isKind("D")), (f) => {
        f[3] = "x\u001b[2J\u202eok";
        f[1] = String(BEGINS_AT + 2);
      }),
    says: /x\\u001b\[2J\\u202eok is no sealed name/,
  },
];
