import type { DayState } from "../replay/state.js";
import { counted, many, type Report, Wrong } from "../report.js";
import type { Close } from "./close.js";

/** Compares what the logs make with what the close says of them. */
export function compareWithClose(
  day: DayState,
  close: Close,
  isWhole: boolean,
  report: Report,
): void {
  // A log whose replay ended early has counted too little.
  if (!isWhole) return;
  report.check(() => {
    checkBeacon(day, close);
    const draws = day.tally.draws - day.tally.voidedDraws;
    if (draws !== close.draws) {
      throw new Wrong(
        `the close counts ${many(close.draws, "draw")}, and the logs have ${counted(draws)}`,
      );
    }
    const ids = new Set([...day.prizes, ...Object.keys(close.wins)]);
    for (const id of ids) {
      const at = day.prizes.indexOf(id);
      const made = at < 0 ? 0 : day.wins.standing(at);
      const said = close.wins[id] ?? 0;
      if (made !== said) {
        throw new Wrong(
          `the close counts ${many(said, "win")} of ${id}, and the logs have ${counted(made)}`,
        );
      }
    }
    return `The close counts what the logs have: ${many(draws, "draw")}, ${many(winsOf(close), "win")}.`;
  }, "close.note");
}

const winsOf = ({ wins }: Close) =>
  Object.values(wins).reduce((a, b) => a + b, 0);

function checkBeacon({ beacon }: DayState, { beacon_signature }: Close): void {
  if (beacon === undefined) return;
  if ((beacon === "used") !== (beacon_signature !== null)) {
    throw new Wrong(
      `the logs say that the beacon was ${beacon === "used" ? "used" : "not used"}, and the close ${beacon_signature === null ? "has no signature of it" : "has its signature"}`,
    );
  }
}
