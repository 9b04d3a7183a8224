import type { DayState } from "../replay/state.js";
import type { Report } from "../report.js";

/** No unit twice over all shards, no number held twice, no draw with two wins. */
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
