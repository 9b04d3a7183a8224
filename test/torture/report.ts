import { isClean, type Report } from "./torture.js";

/** What a run found, as the README shows it. */
export function text(report: Report): string {
  const { seed, seconds, findings, faults } = report;
  const lines = findings.flatMap(({ what, count, mustBeZero, examples }) => {
    const bad = mustBeZero && count > 0;
    const verdict = !mustBeZero ? "" : bad ? "  BROKEN" : "  ok";
    const line = `${String(count).padStart(9)}  ${what}${verdict}`;
    return bad ? [line, ...(examples ?? []).map(example)] : [line];
  });
  const kinds = faults.map(({ kind, times, longest }) => {
    const outage = longest === undefined ? "" : `${Math.round(longest)} ms`;
    return `${String(times).padStart(9)}  ${kind.padEnd(38)} ${outage.padStart(8)}`;
  });
  return [
    "",
    ...lines,
    "",
    "    times  fault                         longest until served again",
    ...kinds,
    "",
    `seed ${seed}, ${seconds} s: ${isClean(report) ? "every promise held" : "A PROMISE WAS BROKEN"}`,
  ].join("\n");
}

const example = (it: unknown) => `             ${JSON.stringify(it)}`;
