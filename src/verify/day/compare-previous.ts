import { type Report, Wrong } from "../report.js";
import type { Checked } from "./compare-days.js";

/** Compares what a seal says of the day before with that day, where it is among those that were checked. */
export function comparePrevious(
  { seal }: Checked,
  checked: Checked[],
  report: Report,
): void {
  const { previous } = seal;
  const day = checked.find(
    (it) => it.seal.campaign === seal.campaign && it.seal.day === previous?.day,
  );
  if (!previous || !day?.close) return;
  const { trees } = day.close;
  report.check(() => {
    const isSame =
      previous.trees.length === trees.length &&
      previous.trees.every(
        ({ size, root }, n) =>
          size === trees[n]?.size && root === trees[n]?.root,
      );
    if (!isSame) {
      throw new Wrong(
        `the seal says other roots of ${previous.day} than that day's close`,
      );
    }
    return `The seal has the roots of the day before, ${previous.day}.`;
  }, "seal.note");
}
