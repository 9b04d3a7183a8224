import type { DayState } from "../replay/state.js";
import { counted, many, type Report, Wrong } from "../report.js";
import { chiSquareOf } from "../rules/odds.js";
import { checkNumbers } from "./check-numbers.js";
import { tellUnknown } from "./tell-unknown.js";

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
        `this is nobody in the list of users; ${many(count, "line is", "lines are")} by nobody in it`,
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
