import {
  type Case,
  edit,
  editTable,
  fieldsOf,
  find,
  isKind,
  logOf,
  place,
  renumber,
} from "./case.js";

const isGrant = (prize: string, pool: string) => (f: string[]) =>
  f[2] === "L" &&
  f[3] === prize &&
  f[4] === pool &&
  Number(f[6]) >= Number(f[5]);

/** Several shards, and what each may take. */
export const SHARDS: Case[] = [
  {
    name: "two shards hold the same numbers",
    day: "sharded",
    change: (draft) => {
      const [, at, , prize, pool, from, to] = fieldsOf(
        logOf(draft, 0)[find(draft, isGrant("tea", "all"))],
      );
      const there = find(draft, isKind("D"), { shard: 1 });
      logOf(draft, 1).splice(
        there,
        0,
        [0, at, "L", prize, pool, Number(from) + 5000, Number(to) + 5000].join(
          "\t",
        ),
      );
      logOf(draft, 2).splice(
        find(draft, isKind("D"), { shard: 2 }),
        0,
        [0, at, "L", prize, pool, Number(from) + 5002, Number(to) + 5010].join(
          "\t",
        ),
      );
      renumber(draft, 1);
      renumber(draft, 2);
      return place(find(draft, isKind("D"), { shard: 2 }) - 1, 2);
    },
    says: /of tea \d+ to \d+ is held here, while shard 1 holds \d+ to \d+ by line \d+/,
  },
  {
    name: "numbers that leave the quota",
    day: "sharded",
    change: (draft) =>
      edit(draft, find(draft, isGrant("coupon", "all")), (f) => {
        f[6] = "191";
      }),
    says: /numbers of coupon up to 191, but its quota is 190/,
  },
  {
    name: "a shard takes a number that it does not hold",
    day: "sharded",
    change: (draft) => {
      logOf(draft).splice(find(draft, isGrant("tea", "all")), 1);
      renumber(draft);
      return undefined;
    },
    says: /but the line says tea:/,
  },
  {
    name: "numbers are held twice by one shard",
    day: "sharded",
    change: (draft) => {
      const at = find(draft, isGrant("sticker", "day"));
      logOf(draft).splice(at + 1, 0, logOf(draft)[at] ?? "");
      renumber(draft);
      return place(at + 1);
    },
    says: /is held already/,
  },
  {
    name: "numbers that are spent are cut",
    day: "sharded",
    change: (draft) => {
      const at = find(
        draft,
        (f) => f[2] === "D" && (f[6] ?? "").startsWith("tea:"),
      );
      const grant = find(draft, isGrant("tea", "all"));
      const from = fieldsOf(logOf(draft)[grant])[5];
      logOf(draft).splice(
        at + 1,
        0,
        `0\t${fieldsOf(logOf(draft)[at])[1]}\tL\ttea\tall\t${from}\t${Number(from) - 1}`,
      );
      renumber(draft);
      return place(at + 1);
    },
    says: /numbers up to \d+ are taken, so none of them can be cut/,
  },
  {
    name: "a shard where there is one",
    change: (draft) => {
      logOf(draft).splice(
        1,
        0,
        fieldsOf(logOf(draft)[1]).slice(0, 2).join("\t") +
          "\tL\ttea\tall\t1\t5",
      );
      renumber(draft);
      return place(1);
    },
    says: /the campaign is on one shard, which holds all numbers/,
  },
  {
    name: "a person draws on two shards",
    day: "sharded",
    change: (draft) => {
      const line =
        logOf(draft, 0)[
          find(draft, (f) => f[2] === "D" && f[6] === "-" && f[7] === "")
        ] ?? "";
      const at = logOf(draft, 1).length;
      logOf(draft, 1).push(line);
      renumber(draft, 1);
      draft.checkpoints[1]?.push(at + 1);
      return place(at, 1);
    },
    says: /drew on shard 0, too/,
  },
  {
    name: "one unit on two shards",
    day: "sharded",
    change: (draft) => {
      // Shard 1 says that it holds what shard 0 won with, and shard 0 that it gave it away in time.
      const won = find(
        draft,
        (f) => f[2] === "D" && (f[6] ?? "").startsWith("tea:"),
      );
      const [, unit = ""] = (fieldsOf(logOf(draft)[won])[6] ?? "").split(":");
      const other = find(
        draft,
        (f) => f[2] === "D" && (f[6] ?? "").startsWith("tea:"),
        { shard: 1 },
      );
      const [, theirs, today] = (
        fieldsOf(logOf(draft, 1)[other])[6] ?? ""
      ).split(":");
      const grant = find(
        draft,
        (f) => isGrant("tea", "all")(f) && f[5] === theirs,
        { shard: 1 },
      );
      const table = find(draft, isKind("T"), { shard: 1, from: other });
      draft.logs[1] = logOf(draft, 1).slice(0, other + 1);
      edit(
        draft,
        grant,
        (f) => {
          f[5] = unit;
          f[6] = unit;
        },
        1,
      );
      edit(
        draft,
        other,
        (f) => {
          f[6] = `tea:${unit}:${today}`;
        },
        1,
      );
      draft.checkpoints[1] = [other + 1];
      return table > 0 ? place(other, 1) : undefined;
    },
    says: /unit \d+ of tea was won before, by another line/,
  },
  {
    name: "a table that hides what a shard took",
    day: "sharded",
    change: (draft) =>
      editTable(
        draft,
        1,
        (table) => {
          table.taken_today.tea -= 1;
        },
        2,
      ),
    says: /units of tea today: this line counts/,
  },
  {
    name: "a log that is missing",
    day: "sharded",
    files: (files) => {
      files["log-2.tsv"] = undefined as unknown as string;
      return "log-2.tsv";
    },
    says: /log-2\.tsv is missing, and lines of it were signed/,
  },
];
