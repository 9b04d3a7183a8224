import { bytesOf } from "../../proof/read/chunks.js";
import type { Day } from "../../proof/read/days.js";
import type { Postgres } from "../../stores/postgres.js";
import { type ChiSquare, chiSquareOf } from "./chi-square.js";

/** What the logs of a day say, counted. */
export type Tally = {
  draws: number;
  prizes: Map<string, PrizeTally>;
  /** of all rolls against the odds that were in force */
  chiSquare: ChiSquare;
  tables: number;
  voided: number;
  gaps: { shard: number; from: string; to: string; reason: string }[];
};

/** A day with what its logs say. */
export type Counted = Day & { tally: Tally };

export type PrizeTally = {
  /** rolls that met its odds, and how many were to be expected */
  met: number;
  expected: number;
  /** wins that are not void, and how many of them by a moment, or as the fallback */
  won: number;
  byMoment: number;
  byFallback: number;
};

/** The draws by one table. */
type Stretch = {
  odds: { id: string; odds_to: number }[];
  met: number[];
  none: number;
};

type Win = { prize: string; how: string; undo(): void };

const ODDS = 1_000_000_000;

/** Reads the logs of a day. Rejects with UNAVAILABLE. */
export async function tallyOf(postgres: Postgres, day: Day): Promise<Tally> {
  const tally: Tally = {
    ...{ draws: 0, tables: 0, voided: 0, gaps: [] },
    prizes: new Map(),
    chiSquare: { value: 0, freedom: 0 },
  };
  for (const { shard, size, bytes } of day.logs) {
    const place = { campaign: day.campaign, day: day.day, shard };
    const log = bytesOf(postgres, place, { size, from: 0, to: bytes });
    await addLog(tally, shard, linesOf(log));
  }
  return tally;
}

async function addLog(
  tally: Tally,
  shard: number,
  lines: AsyncIterable<string>,
): Promise<void> {
  let stretch = stretchOf({});
  const stretches = [stretch];
  const wins = new Map<string, Win>(); // by seq
  for await (const line of lines) {
    const [seq = "", , kind, ...rest] = line.split("\t");
    if (kind === "T") {
      stretch = stretchOf(JSON.parse(rest[1] ?? "{}"));
      stretches.push(stretch);
      tally.tables += 1;
    } else if (kind === "D") {
      const [, , roll, outcome = "-", how = ""] = rest;
      tally.draws += 1;
      const its = stretch;
      const at = its.odds.findIndex(({ odds_to }) => Number(roll) < odds_to);
      // Of what is void the decision follows again, with the same roll.
      const undo = () => {
        tally.draws -= 1;
        count(its, at, -1);
      };
      count(its, at, 1);
      if (outcome === "-") continue;
      wins.set(seq, { prize: prizeOf(outcome), how, undo });
    } else if (kind === "R") {
      const prize = prizeOf(rest[2] ?? "-");
      wins.set(seq, { prize, how: "", undo: () => {} });
    } else if (kind === "V") {
      const [of = ""] = rest;
      tally.voided += 1;
      wins.get(of)?.undo();
      wins.delete(of);
    } else if (kind === "G") {
      const [from = "", to = "", reason = ""] = rest;
      tally.gaps.push({ shard, from, to, reason });
    }
  }
  for (const its of stretches) addStretch(tally, its);
  for (const { prize, how } of wins.values()) {
    const its = prizeIn(tally, prize);
    its.won += 1;
    if (how === "moment") its.byMoment += 1;
    if (how === "fallback") its.byFallback += 1;
  }
}

function stretchOf({
  prizes = [],
}: {
  prizes?: { id: string; odds_to: number }[];
}): Stretch {
  return { odds: prizes, met: prizes.map(() => 0), none: 0 };
}

function count(stretch: Stretch, at: number, by: number): void {
  if (at < 0) stretch.none += by;
  else stretch.met[at] = (stretch.met[at] ?? 0) + by;
}

function addStretch(tally: Tally, { odds, met, none }: Stretch): void {
  const total = met.reduce((sum, count) => sum + count, none);
  if (total === 0) return;
  let below = 0;
  const cells = odds.map(({ id, odds_to }, n) => {
    const its = { seen: met[n] ?? 0, odds: (odds_to - below) / ODDS };
    below = odds_to;
    const prize = prizeIn(tally, id);
    prize.met += its.seen;
    prize.expected += total * its.odds;
    return its;
  });
  cells.push({ seen: none, odds: 1 - below / ODDS });
  const { value, freedom } = chiSquareOf(cells);
  tally.chiSquare.value += value;
  tally.chiSquare.freedom += freedom;
}

function prizeIn({ prizes }: Tally, id: string): PrizeTally {
  const none = { met: 0, expected: 0, won: 0, byMoment: 0, byFallback: 0 };
  const its = prizes.get(id) ?? none;
  prizes.set(id, its);
  return its;
}

const prizeOf = (outcome: string) => outcome.split(":")[0] ?? "";

async function* linesOf(text: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const part of text) {
    const lines = (rest + part.toString()).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
