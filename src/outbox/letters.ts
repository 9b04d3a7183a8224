// The letters that lua/ and TypeScript write to each other, by the names that both use. test/lua/scripts.test.ts compares.

/** What kind of draw a ticket is: one with a key, one whose win Postgres refused, any other. */
export const TICKET = { KEYED: "k", REFUSED: "r", PLAIN: "-" } as const;

/** How a record begins; the attempt follows and, of a win, its outbox entry. */
export const RECORD = { LOST: "l", WON: "w" } as const;

/** How the mark of a win begins whose row is in Postgres and whose winner was not told; the day follows. Other marks are entries. */
export const MARK = { ROW_OF_DAY: "@" } as const;

/** What draw.lua says of a draw. */
export const ANSWER = {
  NO_PRIZE: "l",
  NEW_WIN: "w",
  PARTICIPATED: "p",
  SEE_OTHER: "o",
  NOT_STARTED: "b",
  ENDED: "e",
  INACTIVE: "x",
  STARVED: "s",
} as const;

/** How fields of the counters begin: numbers that can be taken, their name, numbers that are cut for another shard, how often numbers came back. */
export const FIELD = {
  RIGHTS: "@rights",
  UNITS_OF: "@r:",
  CUT_OF: "@c:",
  NEWS_OF: "@n:",
} as const;

/** How an other begins, where draw.lua says to see it. */
export const OTHER = {
  LOST_ON: "l",
  HAS_ROW: "r",
  IN_OUTBOX: "w",
  SAME_AS: "d",
  OF_NUMBER: "n",
} as const;
