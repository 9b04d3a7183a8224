import type { Moment } from "../day/moments.js";
import type { Names } from "../day/names.js";
import type { Seal } from "../day/seal.js";
import { Holdings } from "../kept/holdings.js";
import { KeyedTable } from "../kept/keyed-table.js";
import { Wins } from "../kept/wins.js";
import type { Outcome } from "../log/line.js";
import type { Range, Table } from "../log/table.js";
import type { Odds } from "../rules/odds.js";
import { createPrizes, type Prize } from "../rules/prizes.js";
import type { Rolled } from "../rules/rolls.js";
import { createTally, type Tally } from "./tally.js";

/** Draws of one person and number that were decided again after a loss. */
export type Repeated = {
  draws: number;
  wins: number;
  shard: number;
  line: number;
};

/** What all logs of a day share. */
export type DayState = {
  seal: Seal;
  /** by what the T lines say of the beacon; where the day's key is not known yet they only make keys of draws */
  rolls: Record<"used" | "missing", (p: string, drawNo: number) => Rolled>;
  isKeyKnown: boolean;
  /** undefined: not published yet */
  moments: Map<string, Moment[]> | undefined;
  names: Names;
  prizes: string[];
  draws: KeyedTable;
  /** wins of each person, where wins are limited */
  persons: KeyedTable;
  wins: Wins;
  /** moment → the rows of its wins: of several at most one stands in the end */
  claims: Map<string, number[]>;
  repeated: Map<string, Repeated>;
  /** p → a win behind a loss beyond the limit, unless an earlier one is taken back */
  overLimit: Map<string, { limit: number; shard: number; line: number }>;
  holdings: Holdings;
  odds: Odds;
  beacon: Table["beacon"] | undefined;
  tally: Tally;
};

/** A win by an R line. */
export type Returned = { outcome: Outcome; roll: number; line: number };

/** What the lines of one log have made so far. */
export type LogState = {
  shard: number;
  line: number;
  seq: number;
  at: number;
  losses: number;
  /** the moment of the last one */
  lostAt: number;
  /** and its line */
  lostLine: number;
  /** numbers that may have been given to lines that are gone */
  lost: Range[];
  table: Table | undefined;
  /** those in force */
  inForce: Prize[];
  cells: Float64Array | undefined;
  prizes: ReturnType<typeof createPrizes>;
  draws: { ever: number; today: number };
  back: Map<string, { all: Range[]; day: Range[] }>;
  /** moments that lines won, or were said to have won before, whatever came of it */
  claimed: Set<string>;
  /** wins that came back behind a loss */
  returned: Returned[];
  /** its first line says that draws came before it, which no key decided */
  isLate: boolean;
  isExplained: boolean;
};

export function createDayState(
  given: Pick<DayState, "seal" | "rolls" | "isKeyKnown" | "moments" | "names">,
): DayState {
  return {
    ...given,
    prizes: [],
    draws: new KeyedTable(),
    persons: new KeyedTable(),
    wins: new Wins(),
    claims: new Map(),
    repeated: new Map(),
    overLimit: new Map(),
    holdings: new Holdings(),
    odds: new Map(),
    beacon: undefined,
    tally: createTally(),
  };
}

export function createLogState(day: DayState, shard: number): LogState {
  const indexOf = (id: string) => prizeIndex(day, id);
  day.wins.beginLog();
  day.holdings.beginLog();
  return {
    shard,
    line: 0,
    seq: -1,
    at: 0,
    losses: 0,
    lostAt: Number.NEGATIVE_INFINITY,
    lostLine: 0,
    lost: [],
    table: undefined,
    inForce: [],
    cells: undefined,
    prizes: createPrizes(day.seal.shards > 1, indexOf),
    draws: { ever: 0, today: 0 },
    back: new Map(),
    claimed: new Set(),
    returned: [],
    isLate: false,
    isExplained: false,
  };
}

/** The number of a prize among those of the day. */
export function prizeIndex({ prizes }: DayState, id: string): number {
  const at = prizes.indexOf(id);
  return at >= 0 ? at : prizes.push(id) - 1;
}

/** The roll of a draw, and its key for tables. Valid until the next one. */
export const rollOf = (day: DayState, p: string, drawNo: number): Rolled =>
  day.rolls[day.beacon === "missing" ? "missing" : "used"](p, drawNo);
