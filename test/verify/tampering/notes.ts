import { noteOf, signer } from "../../support/proof/notes.js";
import { checkpointOf } from "../../support/proof/write.js";
import { type Draft, receiptOf, SIGNER } from "../../support/proof-day.js";
import {
  type Case,
  edit,
  find,
  isLoss,
  isWinOf,
  logOf,
  place,
} from "./case.js";

const stranger = signer("lucky-draw", Buffer.alloc(32, 3));
const turned = (note = "") =>
  note.replace(
    /(.)(.{8})\n$/,
    (_, one, rest) => `${one === "A" ? "B" : "A"}${rest}\n`,
  );

/** What somebody kept of the 30th line, of a batch of eight. */
const receipt = (draft: Draft) => receiptOf(draft, 0, 25, 8, 30);
const asReceipt = (json: unknown) => ({
  receipts: [{ file: "mine.json", json: JSON.stringify(json) }],
});
let kept: ReturnType<typeof receipt> | undefined;
let old = "";

/** Signatures, checkpoints, receipts, names: what others hold. */
export const NOTES: Case[] = [
  {
    name: "a forged seal",
    files: (files) => {
      files["seal.note"] = turned(files["seal.note"]);
      return "seal.note";
    },
    says: /the signature of lucky-draw\+dfe6ccda\S+ is not one of this text/,
  },
  {
    name: "a seal by another key of this name",
    files: (files) => {
      const text = (files["seal.note"] ?? "").split("\n\n")[0];
      files["seal.note"] = noteOf(`${text}\n`, stranger);
      return "seal.note";
    },
    says: /no known key signed this note/,
  },
  {
    name: "a seal by a key that is not the one that you have",
    asked: () => ({ key: stranger.vkey }),
    says: /the key that you gave did not sign this seal/,
  },
  {
    name: "a key that is not what it says",
    files: (files) => {
      files["key.txt"] = SIGNER.vkey.replace("dfe6ccda", "00000000");
      return "key.txt";
    },
    says: /the id of the key .* is 00000000, but its name and its bytes make dfe6ccda/,
  },
  {
    name: "a close by another key than the seal's",
    files: (files) => {
      files["key.txt"] += `${stranger.vkey}\n`;
      const text = (files["close.note"] ?? "").split("\n\n")[0];
      files["close.note"] = noteOf(`${text}\n`, stranger);
      return "close.note";
    },
    says: /no known key signed this note/,
  },
  {
    name: "a checkpoint by another key than the seal's",
    files: (files) => {
      files["key.txt"] += `${stranger.vkey}\n`;
      const text = (files["checkpoint-0.note"] ?? "").split("\n\n")[0];
      files["checkpoint-0.note"] = noteOf(`${text}\n`, stranger);
      return "checkpoint-0.note";
    },
    says: /no known key signed this note/,
  },
  {
    name: "a seal of two lines",
    files: (files) => {
      const text = (files["seal.note"] ?? "").split("\n\n")[0];
      files["seal.note"] = noteOf(`${text}\nand more\n`, SIGNER);
      return "seal.note";
    },
    says: /this is not one line of JSON/,
  },
  {
    name: "a truncated log",
    files: (files) => {
      files["log-0.tsv"] = (files["log-0.tsv"] ?? "")
        .split("\n")
        .slice(0, 60)
        .join("\n")
        .concat("\n");
      return "checkpoints-0.txt:13";
    },
    says: /this signs 75 lines of log-0\.tsv, which has 60/,
  },
  {
    name: "a log that ends in the middle of a line",
    files: (files) => {
      files["log-0.tsv"] = (files["log-0.tsv"] ?? "").slice(0, -1);
      return undefined;
    },
    says: /the last line does not end/,
  },
  {
    name: "a line that was changed after it was signed",
    change: (draft) => {
      draft.checkpoints = [draft.checkpoints[0]?.slice(0, 4) ?? []];
      return undefined;
    },
    files: (files, draft) => {
      const log = (files["log-0.tsv"] ?? "").split("\n");
      const at = find(draft, isLoss);
      log[at] = (log[at] ?? "").replace(
        /\t\d+\tD/,
        (it) => `\t${Number(it.slice(1, -2)) + 1}\tD`,
      );
      files["log-0.tsv"] = log.join("\n");
      return undefined;
    },
    says: /signs another root over the first \d+ lines of log-0\.tsv: one of them is not the line that was signed/,
  },
  {
    name: "a history that was written anew, but for one old checkpoint",
    change: (draft) => {
      old = checkpointOf(draft, 0, 50);
      edit(draft, find(draft, isWinOf("tea")), (f) => {
        f[1] = String(Number(f[1]) + 1);
      });
      return "checkpoints-0.txt:7";
    },
    files: (files) => {
      const notes = (files["checkpoints-0.txt"] ?? "").split(
        /(?<=\n)\n(?=lucky-draw)/,
      );
      notes[1] = old;
      files["checkpoints-0.txt"] = notes.join("\n");
      return undefined;
    },
    says: /signs another root over the first 50 lines/,
  },
  {
    name: "checkpoints whose sizes fall",
    change: (draft) => {
      draft.checkpoints = [[50, 25, 100]];
      return "checkpoints-0.txt:7";
    },
    says: /this checkpoint has the size 25, and the one before it 50/,
  },
  {
    name: "a checkpoint of another log",
    files: (files, draft) => {
      const other = { ...draft, seal: { ...draft.seal, campaign: "winter" } };
      files["checkpoint-0.note"] = checkpointOf(other, 0, 50);
      return "checkpoint-0.note";
    },
    says: /this checkpoint is of lucky-draw\/winter\/2026-12-01\/0, and should be of lucky-draw\/summer/,
  },
  {
    name: "a forged checkpoint",
    files: (files) => {
      files["checkpoint-0.note"] = turned(files["checkpoint-0.note"]);
      return "checkpoint-0.note";
    },
    says: /is not one of this text/,
  },
  {
    name: "a checkpoint with more lines",
    files: (files) => {
      const text = (files["checkpoint-0.note"] ?? "").split("\n\n")[0];
      files["checkpoint-0.note"] = noteOf(`${text}\nmore\n`, SIGNER);
      return "checkpoint-0.note";
    },
    says: /more than its three lines/,
  },
  {
    name: "lines that were never signed",
    change: (draft) => {
      draft.checkpoints = [[]];
      draft.close.trees = [
        { size: 0, root: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" },
      ];
      return "log-0.tsv:1";
    },
    says: /the last \d+ lines of log-0\.tsv are not signed, though the day is closed/,
  },
  {
    name: "a receipt with a changed line",
    asked: (draft) => {
      const it = receipt(draft);
      return asReceipt({
        ...it,
        line: it.line.replace(/\d+$|\t-\t/, "\tcar:1:1\t").concat(" "),
      });
    },
    says: /mine\.json: this receipt does not hold: its line is not what was signed/,
  },
  {
    name: "a forged receipt",
    asked: (draft) => {
      const it = receipt(draft);
      return asReceipt({
        receipt: { ...it, note: turned(it.note) },
        success: true,
      });
    },
    says: /this receipt does not hold: the signature of/,
  },
  {
    name: "a receipt of another place",
    asked: (draft) => asReceipt({ ...receipt(draft), index: 4 }),
    says: /its line has seq 30, and should have 29/,
  },
  {
    name: "a receipt of another day",
    asked: (draft) =>
      asReceipt(
        receipt({ ...draft, seal: { ...draft.seal, day: "2026-12-02" } }),
      ),
    says: /it is of summer, 2026-12-02, shard 0, which is not this day/,
  },
  {
    name: "a loser whose line is gone, all numbered, hashed and signed anew, but for a receipt",
    change: (draft) => {
      const at = find(draft, isLoss, { from: logOf(draft).length - 60 });
      kept = receiptOf(draft, 0, at, 1, at);
      draft.logs = [logOf(draft).slice(0, at)];
      draft.checkpoints = [[at]];
      return "log-0.tsv";
    },
    asked: () => asReceipt(kept),
    says: /the line with seq \d+, which the receipt mine\.json proves, is not there/,
  },
  {
    name: "another line where a receipt has its own",
    change: (draft) => {
      kept = receiptOf(draft, 0, 30, 1, 30);
      edit(draft, 30, (f) => {
        f[1] = String(Number(f[1]) + 1);
      });
      return place(30);
    },
    asked: () => asReceipt(kept),
    says: /the receipt mine\.json has another line for seq 30/,
  },
  {
    name: "another line in the batch of a receipt",
    change: (draft) => {
      kept = receiptOf(draft, 0, 25, 8, 31);
      edit(draft, 30, (f) => {
        f[1] = String(Number(f[1]) + 1);
      });
      return place(32);
    },
    asked: () => asReceipt(kept),
    says: /the lines from seq 25 to here are not those that the receipt mine\.json was signed with/,
  },
  {
    name: "a wrong key of the names",
    asked: () => ({ namesKey: "33".repeat(32) }),
    says: /--names-key: the key of the names is not the one that was sealed/,
  },
  {
    name: "a person who is on another shard than theirs",
    day: "open",
    change: (draft) => {
      draft.seal.shards = 2;
      draft.logs.push([]);
      draft.checkpoints.push([]);
      return undefined;
    },
    isOpen: true,
    says: /user-\d+@example\.com belongs to shard 1/,
  },
];
