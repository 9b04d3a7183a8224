import { BEGINS_AT } from "../../support/proof-day.js";
import {
  type Case,
  edit,
  fieldsOf,
  find,
  isKind,
  isLoss,
  isWinOf,
  logOf,
  place,
  renumber,
} from "./case.js";

const set = (n: number, value: string) => (fields: string[]) => {
  fields[n] = value;
};

/** Lines of draws and of what became of them. */
export const LINES: Case[] = [
  {
    name: "a roll",
    change: (draft) => edit(draft, find(draft, isKind("D")), set(5, "1")),
    says: /the roll of this draw is \d+, but the line says 1$/,
  },
  {
    name: "a win becomes no prize",
    change: (draft) => edit(draft, find(draft, isWinOf("tea")), set(6, "-")),
    says: /this draw gets tea:\d+:\d+, but the line says no prize/,
  },
  {
    name: "no prize becomes a win",
    change: (draft) => edit(draft, find(draft, isLoss), set(6, "coupon:121:1")),
    says: /this draw gets no prize, but the line says coupon:121:1/,
  },
  {
    name: "another prize",
    change: (draft) =>
      edit(draft, find(draft, isWinOf("tea")), set(6, "car:1:1")),
    says: /this draw gets tea:\d+:\d+, but the line says car:1:1/,
  },
  {
    name: "a unit",
    change: (draft) =>
      edit(draft, find(draft, isWinOf("tea")), (f) => set(6, "tea:9999:1")(f)),
    says: /but the line says tea:9999:1/,
  },
  {
    name: "a day unit",
    change: (draft) =>
      edit(draft, find(draft, isWinOf("tea")), (fields) => {
        const [prize, unit, today] = (fields[6] ?? "").split(":");
        fields[6] = [prize, unit, Number(today) + 1].join(":");
      }),
    says: /by the rules this draw gets tea/,
  },
  {
    name: "how a prize was won",
    change: (draft) =>
      edit(draft, find(draft, isWinOf("tea")), set(7, "fallback")),
    says: /but the line says tea:\d+:\d+ \(fallback\)/,
  },
  {
    name: "a way to win that there is not",
    change: (draft) =>
      edit(draft, find(draft, isWinOf("tea")), set(7, "friend")),
    says: /"friend" is no way to win/,
  },
  {
    name: "a limited draw is said to have lost by its roll",
    change: (draft) =>
      edit(
        draft,
        find(draft, (f) => f[7] === "limited"),
        set(7, ""),
      ),
    says: /gets no prize \(limited\), but the line says no prize$/,
  },
  {
    name: "a draw is said to be limited, and no limit is in force",
    change: (draft) =>
      edit(draft, find(draft, isWinOf("tea")), (fields) => {
        fields[6] = "-";
        fields[7] = "limited";
      }),
    says: /gets tea:\d+:\d+, but the line says no prize \(limited\)/,
  },
  {
    name: "a moment that was due goes to nobody",
    change: (draft) =>
      edit(
        draft,
        find(draft, (f) => f[7] === "moment"),
        (fields) => {
          fields[6] = "-";
          fields[7] = "";
        },
      ),
    says: /gets \S+ \(moment\), but the line says no prize/,
  },
  {
    name: "a moment goes to a draw before it was due",
    change: (draft) =>
      edit(draft, find(draft, isLoss), (f) => {
        f[6] = "tea:8:1";
        f[7] = "moment";
      }),
    says: /gets no prize, but the line says tea:8:1 \(moment\)/,
  },
  {
    name: "two lines swapped",
    change: (draft) => {
      const log = logOf(draft);
      [log[9], log[10]] = [log[10] ?? "", log[9] ?? ""];
      return place(9);
    },
    says: /seq is 10, and should be 9/,
  },
  {
    name: "two winners swapped, with numbers that fit",
    change: (draft) => {
      const log = logOf(draft);
      const one = find(draft, isWinOf("tea"));
      const other = find(draft, isWinOf("tea"), { from: one + 1 });
      [log[one], log[other]] = [log[other] ?? "", log[one] ?? ""];
      renumber(draft);
      return place(one);
    },
    says: /gets tea:8:1, but the line says tea:9:2/,
  },
  {
    name: "a line dropped",
    change: (draft) => {
      logOf(draft).splice(20, 1);
      return place(20);
    },
    says: /seq is 21, and should be 20/,
  },
  {
    name: "a winner dropped, all numbered anew",
    change: (draft) => {
      const at = find(draft, isWinOf("tea"));
      logOf(draft).splice(at, 1);
      renumber(draft);
      return undefined;
    },
    says: /gets tea:8:1, but the line says tea:9:2/,
  },
  {
    name: "a loser dropped, all numbered anew",
    change: (draft) => {
      logOf(draft).splice(find(draft, isLoss), 1);
      renumber(draft);
      return place(find(draft, isKind("T"), { from: 1 }));
    },
    says: /draws: this line counts \d+ before it, but the lines before make \d+/,
  },
  {
    name: "an invented person is slipped in",
    change: (draft) => {
      const log = logOf(draft);
      log.splice(
        30,
        0,
        fieldsOf(log[30])
          .map((f, n) => (n === 3 ? "0".repeat(32) : f))
          .join("\t"),
      );
      renumber(draft);
      return place(30);
    },
    says: /the roll of this draw is/,
  },
  {
    name: "a draw counted twice",
    change: (draft) => {
      const log = logOf(draft);
      const at = find(draft, isLoss);
      log.splice(at + 1, 0, log[at] ?? "");
      renumber(draft);
      return place(at + 1);
    },
    says: /made draw 1 before, in an earlier line/,
  },
  {
    name: "the number of a draw whose roll is better",
    day: "open",
    change: (draft) =>
      edit(
        draft,
        find(draft, (f) => f[2] === "D" && f[4] === "1"),
        set(4, "2"),
      ),
    isOpen: true,
    says: /makes draw 2 and never made draw 1/,
  },
  {
    name: "more draws than one may have",
    day: "open",
    change: (draft) =>
      edit(
        draft,
        find(draft, (f) => f[2] === "D" && f[4] === "2"),
        set(4, "9"),
      ),
    isOpen: true,
    says: /draw 9, but a person has \d a day/,
  },
  {
    name: "a draw of the day before",
    change: (draft) =>
      edit(draft, find(draft, isKind("D")), set(1, String(BEGINS_AT - 1))),
    says: /the moment of this draw is not on this day/,
  },
  {
    name: "a draw before any table",
    change: (draft) => {
      logOf(draft).shift();
      renumber(draft);
      return place(0);
    },
    says: /no table is in force yet/,
  },
  {
    name: "a number that is written oddly",
    change: (draft) =>
      edit(draft, find(draft, isKind("D")), (f) => set(5, `0${f[5]}`)(f)),
    says: /"0\d+" is no number/,
  },
  {
    name: "a kind of line that there is not",
    change: (draft) => edit(draft, 3, set(2, "X")),
    says: /this is no line of a log/,
  },
  {
    name: "a sealed name that can't be one",
    change: (draft) =>
      edit(draft, find(draft, isKind("D")), (f) =>
        set(3, (f[3] ?? "").toUpperCase())(f),
      ),
    says: /is no sealed name/,
  },
  {
    name: "an open name that can't be one",
    day: "open",
    change: (draft) =>
      edit(draft, find(draft, isKind("D")), (f) => set(3, `${f[3]}=`)(f)),
    says: /is no open name/,
  },
  {
    name: "a loss is taken back",
    change: (draft) => {
      const at = find(draft, isLoss);
      logOf(draft).splice(at + 1, 0, `0\t${BEGINS_AT + 1}\tV\t${at}`);
      renumber(draft);
      return place(at + 1);
    },
    says: /there is no win with seq \d+/,
  },
  {
    name: "a win is taken back twice",
    day: "eventful",
    change: (draft) => {
      const at = find(draft, isKind("V"));
      logOf(draft).splice(at + 1, 0, logOf(draft)[at] ?? "");
      renumber(draft);
      return place(at + 1);
    },
    says: /was taken back before/,
  },
  {
    name: "a win that was not taken back is decided again",
    day: "eventful",
    change: (draft) => {
      const at = find(draft, isKind("V"));
      logOf(draft).splice(at, 1);
      renumber(draft);
      return place(at);
    },
    says: /made draw \d before, in an earlier line/,
  },
  {
    name: "numbers are skipped, and no loss is declared",
    day: "eventful",
    change: (draft) => {
      const at = find(draft, isKind("G"));
      logOf(draft).splice(at, 1);
      return place(at);
    },
    says: /seq is \d+, and should be \d+/,
  },
  {
    name: "a loss that does not fit",
    day: "eventful",
    change: (draft) =>
      edit(draft, find(draft, isKind("G")), (f) =>
        set(4, String(Number(f[4]) + 1))(f),
      ),
    says: /which does not fit seq/,
  },
  {
    name: "a loss that begins behind a hole",
    day: "eventful",
    change: (draft) =>
      edit(draft, find(draft, isKind("G")), (f) =>
        set(3, String(Number(f[3]) + 1))(f),
      ),
    says: /which does not fit seq/,
  },
  {
    name: "numbers are given again behind a loss",
    day: "eventful",
    change: (draft) =>
      edit(draft, find(draft, isKind("G")), (f) => {
        const next = Number(f[3]);
        f[0] = String(next - 1);
        f[4] = String(next - 2);
        f[3] = String(next - 4);
      }),
    says: /are said to be lost, which does not fit seq/,
  },
  {
    name: "a win comes back, and nothing was lost",
    change: (draft) => {
      const p = fieldsOf(logOf(draft)[find(draft, isKind("D"))])[3];
      logOf(draft).splice(
        40,
        0,
        `0\t${BEGINS_AT + 1}\tR\t${p}\t2\ttea:9999:99`,
      );
      renumber(draft);
      return place(40);
    },
    says: /no line says that any were lost/,
  },
  {
    name: "a win comes back that never went",
    day: "eventful",
    change: (draft) => {
      const lost = find(draft, isKind("G"));
      const {
        3: p,
        4: drawNo,
        6: outcome,
      } = fieldsOf(
        logOf(draft)[find(draft, (f) => f[2] === "D" && f[7] === "fallback")],
      );
      logOf(draft).splice(
        lost + 2,
        0,
        `0\t${BEGINS_AT + 1}\tR\t${p}\t${drawNo}\t${outcome}`,
      );
      const after = logOf(draft);
      for (let n = lost + 2; n < after.length; n += 1) {
        const fields = fieldsOf(after[n]);
        fields[0] = String(Number(fieldsOf(after[lost])[0]) + n - lost);
        if (fields[2] !== "V") after[n] = fields.join("\t");
      }
      return place(lost + 2);
    },
    says: /comes back, whose line is not lost/,
  },
];
