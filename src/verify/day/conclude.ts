import { chiSquareOf } from "../log/odds.js";
import type { DayState } from "../log/state.js";
import { counted, many, type Report, Wrong } from "../report.js";

type Circumstances = { isClosed: boolean; isWhole: boolean; isNamed: boolean };

/** So far from the odds comes chance once in a billion days. */
const IMPOSSIBLE = 1e-9;

/** What is known once all logs are read. */
export function conclude(
  day: DayState,
  state: Circumstances,
  report: Report,
): void {
  checkNumbers(day, report);
  if (state.isWhole) tellReplay(day, report);
  tellOdds(day, report);
  tellNames(day, state, report);
  tellUnknown(day, report);
}

/** No unit twice over all shards, no number held twice, no draw with two wins. */
function checkNumbers(day: DayState, report: Report): void {
  for (const [at, id] of day.prizes.entries()) {
    for (const name of ["unit", "dayUnit"] as const) {
      const win = day.wins.twice(at, name);
      if (!win) continue;
      report.wrong(
        `${name === "unit" ? "unit" : "day unit"} ${win[name]} of ${id} was won before, by another line`,
        { file: `log-${win.shard}.tsv`, line: win.line },
      );
    }
  }
  for (const { wins, shard, line } of day.repeated.values()) {
    if (wins < 2) continue;
    report.wrong("this draw was made twice, and both wins stand", {
      file: `log-${shard}.tsv`,
      line,
    });
  }
  report.check(() => {
    day.holdings.check();
    return undefined;
  });
}

function tellReplay({ tally, isKeyKnown }: DayState, report: Report): void {
  const { draws, tables } = tally;
  if (isKeyKnown)
    report.held(
      `Every roll is the one that belongs to its person: ${many(draws, "draw")}.`,
    );
  report.held(
    `Every outcome follows from the roll, the odds, the quotas and the rules, in the order of the lines, by ${many(tables, "table")} in force one after the other.`,
  );
  if (tally.limited > 0) {
    report.held(
      `${many(tally.limited, "draw")} would have won, but their persons had all wins that one may have.`,
    );
  }
}

function tellOdds({ odds }: DayState, report: Report): void {
  const { draws, value, freedom, p } = chiSquareOf(odds);
  if (freedom === 0) {
    report.unknown(
      "Whether rolls are as chance makes them: too few draws were decided by nothing but the odds.",
    );
    return;
  }
  const figures = `chi-square ${value.toFixed(1)} with ${many(freedom, "degree")} of freedom over the ${many(draws, "draw")} that nothing but the odds decided`;
  report.check(() => {
    if (p < IMPOSSIBLE) {
      throw new Wrong(
        `the rolls are not as chance makes them: ${figures}; chance alone comes so far less than once in a billion days`,
      );
    }
    return `The rolls are as chance makes them: ${figures}; so far or farther from the odds chance comes in ${percent(p)} of days.`;
  });
}

const percent = (p: number): string =>
  p < 0.001 ? "less than 0.1 %" : `${(100 * p).toFixed(1)} %`;

function tellNames(
  { names, seal }: DayState,
  { isNamed }: Circumstances,
  report: Report,
): void {
  const { users, drew } = names.counts();
  if (users > 0) {
    report.held(`Of ${many(users, "user")} in the list ${counted(drew)} drew.`);
    for (const [p, { user, places }] of names.few) {
      const lines = places
        .map(({ file, line }) => `${file}:${line}`)
        .join(", ");
      report.held(`${user} is ${p}: ${lines || "no draw"}.`);
    }
    const { count, first } = names.strangers;
    if (first)
      report.wrong(
        `this is nobody in the list of users; ${many(count, "line")} are by nobody in it`,
        first,
      );
  } else if (seal.names === "sealed") {
    report.unknown(
      isNamed
        ? "Who drew: that needs the list of users (--users)."
        : "Who drew: names are sealed, so whether a p is yours needs your receipt, or the auditor's key (--names-key, --users).",
    );
  }
}

function tellUnknown({ tally, seal, beacon }: DayState, report: Report): void {
  const say = (count: number, text: string) => {
    if (count > 0) report.unknown(text);
  };
  say(
    tally.gaps,
    `What lines Redis lost: declared are ${many(tally.gaps, "loss", "losses")} of at most ${many(tally.gapNumbers, "line")}; ${many(tally.repeats, "draw")} came again after them, by the same roll.`,
  );
  say(
    tally.returned,
    `How ${many(tally.returned, "win")} came about whose lines were lost: they are known from Postgres alone.`,
  );
  say(
    tally.voids,
    `Why ${many(tally.voids, "win")} came to nothing before anybody was told: Postgres is said to have refused them; ${counted(tally.decidedAgain)} of these draws were decided again.`,
  );
  say(
    tally.jumps,
    `Why tables count ${many(tally.jumps, "unit")} more than their lines: after a loss, after a win that came to nothing, or by draws of the day before.`,
  );
  say(
    tally.unknownLimits,
    `Whether ${many(tally.unknownLimits, "draw")} lost rightly since their persons had all their wins: those of other days are not in these files.`,
  );
  say(
    tally.unseenMoments,
    `Whether ${many(tally.unseenMoments, "moment")} that were won were due: the moments are published after the day.`,
  );
  say(
    tally.noneHeld,
    `Whether other shards had units for ${many(tally.noneHeld, "draw")} that met a prize of which their own had none: the order of lines of several shards is not written down.`,
  );
  if (tally.backwards > 1000)
    report.unknown(
      `Why the clock went back by ${counted(tally.backwards)} ms.`,
    );
  if (beacon === "missing")
    report.unknown(
      "Whether the beacon was really away: the day says so, and went on without it.",
    );
  if (seal.beacon === null || beacon === "missing") {
    report.unknown(
      "Whether the seed was drawn by chance: without a beacon it is the operator's choice, though fixed before the day.",
    );
  }
  report.unknown(
    "Whether the seal was out before the day: it says when it was made. Who kept it, or the checkpoints, can tell.",
  );
  report.unknown(
    "Whether all who drew were real people, and whether somebody was refused a draw: no log can show that.",
  );
}
