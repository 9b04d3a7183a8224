import { noteOf } from "../../support/proof/notes.js";
import { dayKeyOf, rollOf } from "../../support/proof/rules.js";
import { checkpointOf, hashOfMoments } from "../../support/proof/write.js";
import {
  BEGINS_AT,
  CHAIN,
  DAY,
  type Draft,
  ENDS_AT,
  PRIZES,
  ROUND,
  receiptOf,
  SIGNER,
} from "../../support/proof-day.js";
import {
  type Case,
  edit,
  editTable,
  fieldsOf,
  find,
  isKind,
  isLoss,
  logOf,
  place,
  proofOf,
  renumber,
} from "./case.js";

const asReceipt = (json: unknown) => ({
  receipts: [
    {
      file: "mine.json",
      json: typeof json === "string" ? json : JSON.stringify(json),
    },
  ],
});
const NOON = BEGINS_AT + 43_200_000;
const dayKey = dayKeyOf("summer", DAY, CHAIN.sign(ROUND));

/** A table of one prize that everybody wins, made of the day's first. */
function tableLine(
  draft: Draft,
  fields: Record<string, unknown>,
  { seq = 0, at = NOON } = {},
): string {
  const table = JSON.parse(fieldsOf(logOf(draft)[0])[4] ?? "");
  return `${seq}\t${at}\tT\t1\t${JSON.stringify({ ...table, prizes: [TEA], moments: null, ...fields })}`;
}
const TEA = { ...PRIZES[2], odds_to: 1_000_000_000 };

/** Puts moments into the day, and returns their hash. */
function momentsIn(draft: Draft, list: string[]): string {
  const hash = hashOfMoments(list);
  draft.moments = list.map((line) => `${hash}\t${line}`);
  return hash;
}
const drawLine = (
  seq: number,
  p: string,
  outcome: string,
  how = "",
  at = NOON,
) => [seq, at, "D", p, 1, rollOf(dayKey, p, 1), outcome, how].join("\t");

/** What is hardly an accident, and forms that can't be. */
export const ODDITIES: Case[] = [
  {
    name: "a person wins twice, since Redis is said to have lost the draw",
    change: (draft) => {
      const p = "0".repeat(32);
      draft.logs = [
        [
          tableLine(draft, {}),
          drawLine(1, p, "tea:8:1"),
          `4\t${NOON}\tG\t2\t3\tloss`,
          drawLine(5, p, "tea:9:2"),
        ],
      ];
      draft.checkpoints = [[4]];
      return place(3);
    },
    says: /this draw was made twice, and both wins stand/,
  },
  {
    name: "units that went to nobody, long after a loss",
    change: (draft) => {
      const late = { seq: 5, at: NOON + 660_000 };
      draft.logs = [
        [
          tableLine(draft, {}),
          `3\t${NOON}\tG\t1\t2\tloss`,
          tableLine(draft, { taken: { tea: 9 } }, { seq: 4 }),
          tableLine(draft, { taken: { tea: 10 } }, late),
        ],
      ];
      draft.checkpoints = [[4]];
      return place(3);
    },
    says: /units of tea: this line counts 10 before it, but the lines before make 9/,
  },
  {
    name: "a spare number goes although the quota is used up",
    change: (draft) => {
      const spare = { tea: { all: [3, 5].map((n) => [n, n]) } };
      const prizes = [{ ...TEA, total_quota: 8 }];
      draft.logs = [
        [
          tableLine(draft, { prizes, spare, taken: { tea: 10 } }),
          drawLine(1, "0".repeat(32), "tea:3:1"),
        ],
      ];
      draft.checkpoints = [[2]];
      return place(1);
    },
    says: /gets no prize, but the line says tea:3:1/,
  },
  {
    name: "a moment that is due this very moment goes to nobody",
    change: (draft) => {
      const moments = momentsIn(draft, [`1\ttea\t${NOON}`]);
      draft.logs = [
        [tableLine(draft, { moments }), drawLine(1, "0".repeat(32), "tea:8:1")],
      ];
      draft.checkpoints = [[2]];
      return place(1);
    },
    says: /gets tea:8:1 \(moment\), but the line says tea:8:1$/,
  },
  {
    name: "of two moments at once that goes which has the lower number",
    change: (draft) => {
      const list = [`1\ttea\t${NOON}`, `2\tcar\t${NOON}`];
      const prizes = [{ ...PRIZES[0], odds_to: 0 }, TEA];
      draft.logs = [
        [
          tableLine(draft, { prizes, moments: momentsIn(draft, list) }),
          drawLine(1, "0".repeat(32), "tea:8:1", "moment"),
        ],
      ];
      draft.checkpoints = [[2]];
      return place(1);
    },
    says: /gets car:1:1 \(moment\), but the line says tea:8:1 \(moment\)/,
  },
  {
    name: "one moment on two shards",
    day: "sharded",
    change: (draft) => {
      const hash = momentsIn(draft, [`1\ttea\t${NOON - 1}`]);
      const logs = [0, 1].map((shard) => [
        tableLine(draft, { moments: hash, taken: {} }),
        `1\t${NOON}\tL\ttea\tall\t${1 + shard * 5}\t${5 + shard * 5}`,
        `2\t${NOON}\tL\ttea\tday\t${1 + shard * 5}\t${5 + shard * 5}`,
        drawLine(
          3,
          String(shard).repeat(32),
          `tea:${1 + shard * 5}:${1 + shard * 5}`,
          "moment",
        ),
      ]);
      draft.logs = [...logs, []];
      draft.checkpoints = [[4], [4], []];
      return place(3, 1);
    },
    says: /moment 1 was won twice, and both wins stand/,
  },
  {
    name: "one unit of the day on two shards, one after the other",
    day: "sharded",
    change: (draft) => {
      const later = NOON + 10_000;
      const taken = { taken: { tea: 1 }, taken_today: { tea: 1 } };
      const draws = { ever: 1, today: 1 };
      draft.logs = [
        [
          tableLine(draft, { taken: {} }),
          `1\t${NOON}\tL\ttea\tall\t1\t5`,
          `2\t${NOON}\tL\ttea\tday\t1\t5`,
          drawLine(3, "0".repeat(32), "tea:1:1"),
          tableLine(draft, { ...taken, draws }, { seq: 4 }),
        ],
        [
          tableLine(draft, { taken: {} }, { at: later }),
          `1\t${later}\tL\ttea\tall\t6\t9`,
          `2\t${later}\tL\ttea\tday\t1\t5`,
          drawLine(3, "1".repeat(32), "tea:6:1", "", later),
        ],
        [],
      ];
      draft.checkpoints = [[5], [4], []];
      return place(3, 1);
    },
    says: /day unit 1 of tea was won before, by another line/,
  },
  {
    name: "two shards hold one same number",
    day: "sharded",
    change: (draft) => {
      draft.logs = ["1\t5", "5\t9"].map((range) => [
        tableLine(draft, { taken: {} }),
        `1\t${NOON}\tL\ttea\tall\t${range}`,
      ]);
      draft.logs.push([]);
      draft.checkpoints = [[2], [2], []];
      return place(1, 1);
    },
    says: /of tea 5 to 9 is held here, while shard 0 holds 1 to 5 by line 2/,
  },
  {
    name: "a spare number that is kept back",
    day: "eventful",
    change: (draft) => {
      // Numbers come back at the first table behind a V line; the next one behind hides them, before anything is lost.
      const log = logOf(draft);
      const first = find(draft, isKind("V"));
      const at = find(draft, isKind("D"), { from: first + 3 });
      const table = JSON.parse(fieldsOf(log[0])[4] ?? "");
      const counts = (upTo: number, index: 1 | 2) => {
        const counted: Record<string, number> =
          index === 1 ? { coupon: 120, tea: 7 } : {};
        for (const line of log.slice(0, upTo)) {
          const outcome = fieldsOf(line)[6] ?? "-";
          if (fieldsOf(line)[2] !== "D" || outcome === "-") continue;
          const parts = outcome.split(":");
          counted[parts[0] ?? ""] = Math.max(
            counted[parts[0] ?? ""] ?? 0,
            Number(parts[index]),
          );
        }
        return counted;
      };
      const again = new Set<string>();
      let draws = 0;
      for (const line of log.slice(0, at)) {
        const [, , kind, p, drawNo] = fieldsOf(line);
        if (kind !== "D" || again.has(`${p} ${drawNo}`)) continue;
        again.add(`${p} ${drawNo}`);
        draws += 1;
      }
      const won =
        fieldsOf(
          log.find((line) => fieldsOf(line)[0] === fieldsOf(log[first])[3]),
        )[6] ?? "";
      const [prize = "", unit, today] = won
        .split(":")
        .map((it, n) => (n === 0 ? it : Number(it))) as [
        string,
        number,
        number,
      ];
      const claimed = table.moments === null ? [] : table.claimed;
      const made = {
        ...table,
        claimed,
        taken: counts(at, 1),
        taken_today: counts(at, 2),
        draws: { ever: draws, today: draws },
        spare: { [prize]: { all: [[unit, unit]], day: [[today, today]] } },
      };
      const moment = fieldsOf(log[at])[1];
      log.splice(
        at,
        0,
        `0\t${moment}\tT\t1\t${JSON.stringify(made)}`,
        `0\t${moment}\tT\t1\t${JSON.stringify({ ...made, spare: {} })}`,
      );
      draft.logs = [log.slice(0, at + 2)];
      renumber(draft);
      return place(at + 1);
    },
    isOpen: true,
    says: /spare numbers of \w+: \d+ is gone, and no draw took it/,
  },
  {
    name: "an outcome that is none",
    change: (draft) => {
      draft.logs = [[tableLine(draft, {}), `1\t${NOON}\tR\tp\t1\ttea`]];
      draft.checkpoints = [[2]];
      return place(1);
    },
    says: /"" is no number/,
  },
  {
    name: "a prize twice",
    change: (draft) =>
      editTable(draft, 0, (table) => {
        table.prizes[1].id = "tea";
      }),
    says: /a prize is in the table twice/,
  },
  {
    name: "two fallbacks",
    change: (draft) =>
      editTable(draft, 0, (table) => {
        table.prizes[2].fallback = true;
      }),
    says: /the table has two fallbacks/,
  },
  {
    name: "spare numbers in no order",
    change: (draft) =>
      editTable(draft, 0, (table) => {
        table.spare = {
          tea: {
            all: [
              [5, 6],
              [1, 2],
            ],
          },
        };
      }),
    says: /spare numbers are not in order/,
  },
  {
    name: "numbers that are none",
    day: "sharded",
    change: (draft) =>
      edit(draft, find(draft, isKind("L")), (f) => {
        f[6] = "-1";
      }),
    says: /are no numbers/,
  },
  {
    name: "a checkpoint of no size",
    files: (files, draft) => {
      const { campaign, day } = draft.seal;
      files["checkpoint-0.note"] = noteOf(
        `lucky-draw/${campaign}/${day}/0\n007\n${Buffer.alloc(32).toString("base64")}\n`,
        SIGNER,
      );
      return "checkpoint-0.note";
    },
    says: /has no size or no root/,
  },
  {
    name: "checkpoints that break off",
    files: (files) => {
      files["checkpoints-0.txt"] = (files["checkpoints-0.txt"] ?? "").slice(
        0,
        -30,
      );
      return undefined;
    },
    says: /the last checkpoint does not end/,
  },
  {
    name: "a note without signatures",
    files: (files) => {
      files["seal.note"] = (files["seal.note"] ?? "").replace("— ", "- ");
      return "seal.note";
    },
    says: /this is not a signed note/,
  },
  {
    name: "a key of another kind",
    files: (files) => {
      files["key.txt"] =
        "lucky-draw+dfe6ccda+AuDlAf+HqvEIEKk0NnBjuIomNi/coBmruwOiGJu5Jd+B\n";
      return "key.txt";
    },
    says: /is not an Ed25519 verifier key/,
  },
  {
    name: "moments that break off",
    files: (files) => {
      files["moments.tsv"] = (files["moments.tsv"] ?? "").slice(0, -1);
      return undefined;
    },
    says: /moments\.tsv:\d+: the last line does not end/,
  },
  {
    name: "a seal that is not JSON",
    files: (files) => {
      files["seal.note"] = noteOf("trust us\n", SIGNER);
      return "seal.note";
    },
    says: /this is not JSON/,
  },
  {
    name: "a receipt that is not JSON",
    asked: () => asReceipt("my receipt"),
    says: /mine\.json: this receipt does not hold: it is not JSON/,
  },
  {
    name: "a receipt whose path is no path",
    asked: (draft) =>
      asReceipt({ ...receiptOf(draft, 0, 25, 8, 30), path: ["up"] }),
    says: /its path is not made of hashes/,
  },
  {
    name: "a receipt that is another note",
    asked: (draft) =>
      asReceipt({
        ...receiptOf(draft, 0, 25, 8, 30),
        note: checkpointOf(draft, 0, 50),
      }),
    says: /its note is not that of a receipt/,
  },
  {
    name: "a proof with another line",
    asked: (draft) =>
      asReceipt({ ...proofOf(draft, 30), line: logOf(draft)[31] }),
    says: /its line is not what was signed/,
  },
  {
    name: "a proof of another campaign",
    asked: (draft) =>
      asReceipt(
        proofOf({ ...draft, seal: { ...draft.seal, campaign: "winter" } }, 30),
      ),
    says: /its checkpoint is not one of this day/,
  },
  {
    name: "a history that was written anew, but for a proof",
    change: (draft) => {
      kept = proofOf(draft, 30);
      return edit(draft, 30, (f) => {
        f[1] = String(Number(f[1]) + 1);
      });
    },
    asked: () => asReceipt({ success: true, data: kept }),
    says: /the receipt mine\.json has another line for seq 30/,
  },
  {
    name: "a draw long after the day",
    change: (draft) =>
      edit(draft, find(draft, isLoss), (f) => {
        f[1] = String(ENDS_AT + 60_000);
      }),
    says: /the moment of this draw is not on this day/,
  },
];
let kept: ReturnType<typeof proofOf> | undefined;
