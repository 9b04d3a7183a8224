import { BEGINS_AT, chanceOf, ENDS_AT } from "../../support/proof-day.js";
import { type Case, editTable, find, isKind, logOf, place } from "./case.js";

/** T lines, and the moments that they name. */
export const TABLES: Case[] = [
  {
    name: "a wrong quota",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.prizes[1].total_quota = 125;
      });
      return undefined;
    },
    says: /gets \S+.*, but the line says coupon:126:6/,
  },
  {
    name: "a wrong daily quota",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.prizes[3].daily_quota = 10;
      });
      return undefined;
    },
    says: /gets no prize, but the line says sticker:11:11 \(fallback\)/,
  },
  {
    name: "other odds",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.prizes[1].odds_to = 3_000_000;
      });
      return undefined;
    },
    says: /by the rules this draw gets tea/,
  },
  {
    name: "a release that ends earlier",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.prizes[1].release = [BEGINS_AT, BEGINS_AT + 1];
      });
      return undefined;
    },
    says: /by the rules this draw gets coupon:121:1/,
  },
  {
    name: "no fallback",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.prizes[3].fallback = false;
      });
      return undefined;
    },
    says: /gets no prize, but the line says sticker:1:1 \(fallback\)/,
  },
  {
    name: "fewer wins a person",
    change: (draft) => {
      editTable(draft, 1, (table) => {
        table.rules.wins_per_user = 1;
      });
      return undefined;
    },
    says: /gets no prize \(limited\), but the line says/,
  },
  {
    name: "a start that is later",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.rules.starts_at = ENDS_AT;
      });
      return place(find(draft, isKind("D")));
    },
    says: /the campaign has not started/,
  },
  {
    name: "an end that is earlier",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.rules.ends_at = BEGINS_AT;
      });
      return place(find(draft, isKind("D")));
    },
    says: /the campaign is over/,
  },
  {
    name: "a campaign that is not active",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.rules.inactive = true;
      });
      return place(find(draft, isKind("D")));
    },
    says: /the campaign is not active/,
  },
  {
    name: "units that went to nobody",
    change: (draft) =>
      editTable(draft, 1, (table) => {
        table.taken.coupon += 30;
      }),
    says: /units of coupon: this line counts \d+ before it, but the lines before make \d+/,
  },
  {
    name: "units that are offered again",
    change: (draft) =>
      editTable(draft, 1, (table) => {
        table.taken.tea -= 1;
      }),
    says: /units of tea: this line counts/,
  },
  {
    name: "units of the day that went before its first line",
    change: (draft) =>
      editTable(draft, 0, (table) => {
        table.taken_today.sticker = 100;
      }),
    says: /units of sticker today: this line counts 100 before it, but the lines before make 0/,
  },
  {
    name: "draws before the first line",
    change: (draft) =>
      editTable(draft, 0, (table) => {
        table.draws.today = 3;
      }),
    says: /draws today: this line counts 3 before it/,
  },
  {
    name: "a spare number that never came back",
    change: (draft) =>
      editTable(draft, 1, (table) => {
        table.spare.tea = { all: [[8, 8]] };
      }),
    says: /spare numbers of tea: 8 did not come back by any line/,
  },
  {
    name: "a field that nobody knows",
    change: (draft) =>
      editTable(draft, 1, (table) => {
        table.rules.friends = ["me"];
      }),
    says: /"rules" is not what it must be/,
  },
  {
    name: "stretches that overlap",
    change: (draft) =>
      editTable(draft, 1, (table) => {
        table.prizes[2].odds_to = 1;
      }),
    says: /the stretch of tea ends at 1, which can't be/,
  },
  {
    name: "the beacon is away from the middle of the day on",
    change: (draft) =>
      editTable(draft, 1, (table) => {
        table.beacon = "missing";
      }),
    says: /the beacon is missing here, but used in a line before/,
  },
  {
    name: "the beacon is said to be none",
    change: (draft) =>
      editTable(draft, 0, (table) => {
        table.beacon = null;
      }),
    says: /names the beacon where the seal does, and only there/,
  },
  {
    name: "a moment that was won is open again",
    change: (draft) =>
      editTable(draft, 1, (table) => {
        table.claimed = [];
      }),
    says: /moment \d+ was won by line \d+, and is open again/,
  },
  {
    name: "a moment is said to be won before",
    change: (draft) => {
      editTable(draft, 0, (table) => {
        table.claimed = [2];
      });
      return undefined;
    },
    says: /by the rules this draw gets .*, but the line says tea:\d+:\d+ \(moment\)/,
  },
  {
    name: "moments that are later than the sealed list says",
    change: (draft) => {
      draft.moments = draft.moments.map((line, n) =>
        n === 3 ? line.replace(/\d+$/, String(BEGINS_AT + 22_000_000)) : line,
      );
      return undefined;
    },
    says: /moments\.tsv: the moments of [0-9a-f]{64} have the hash/,
  },
  {
    name: "moments that are kept back",
    change: (draft) => {
      draft.moments = [];
      return place(0);
    },
    says: /moments\.tsv has no moments with the hash/,
  },
  {
    name: "moments in another order",
    change: (draft) => {
      draft.moments.reverse();
      return "moments.tsv:2";
    },
    says: /this moment is not behind the one before/,
  },
  {
    name: "rolls that somebody chose, on a day whose seed is not out yet",
    change: (draft) => {
      const chance = chanceOf(3);
      const head = logOf(draft).slice(0, 1);
      const table = JSON.parse(head[0]?.split("\t")[4] ?? "");
      table.prizes = [{ ...table.prizes[2], odds_to: 500_000_000 }];
      draft.logs = [
        [
          `0\t${BEGINS_AT + 1}\tT\t1\t${JSON.stringify({ ...table, moments: null })}`,
        ],
      ];
      let unit = 7;
      for (let n = 1; n <= 400; n += 1) {
        const roll = Math.floor(chance() ** 2 * 1e9);
        const isWin = roll < 500_000_000;
        if (isWin) unit += 1;
        const p = n.toString(16).padStart(32, "0");
        logOf(draft).push(
          `${n}\t${BEGINS_AT + 2}\tD\t${p}\t1\t${roll}\t${isWin ? `tea:${unit}:${unit - 7}` : "-"}\t`,
        );
      }
      draft.checkpoints = [[401]];
      return undefined;
    },
    isOpen: true,
    says: /the rolls are not as chance makes them: chi-square [\d.]+ with 1 degree of freedom over the 400 draws/,
  },
];
