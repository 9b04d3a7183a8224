import { winsOf } from "../replay/persons.js";
import type { DayState } from "../replay/state.js";
import type { Report } from "../report.js";

/** No unit twice over all shards, no number held twice, no moment and no draw with two wins. */
export function checkNumbers(day: DayState, report: Report): void {
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
  for (const [id, rows] of day.claims) {
    if (rows.length < 2) continue;
    const { shard, line } = day.wins.at(rows[1] as number);
    const place = { file: `log-${shard}.tsv`, line };
    report.wrong(`moment ${id} was won twice, and both wins stand`, place);
  }
  for (const [p, { limit, shard, line }] of day.overLimit) {
    if (winsOf(day, p) <= limit) continue;
    const place = { file: `log-${shard}.tsv`, line };
    report.wrong("more wins of this person stand than one may have", place);
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
