import type { Wins } from "../kept/wins.js";
import { type Report, Wrong } from "../report.js";
import type { Close } from "./close.js";
import type { Seal } from "./seal.js";

/** Prize → the numbers of its units that were won on a day and stand, in order. */
export type Units = Map<string, Float64Array>;

/** What other days must agree with. */
export type Checked = { seal: Seal; close: Close | undefined; units: Units };

export const unitsOf = (prizes: string[], wins: Wins): Units =>
  new Map(prizes.map((id, at) => [id, wins.units(at)]));

/** Compares a day with the days of its campaign that were checked before: each is there once, and no unit goes twice. */
export function compareDays(
  day: Checked,
  checked: Checked[],
  report: Report,
): void {
  for (const other of checked) {
    if (other.seal.campaign !== day.seal.campaign) continue;
    report.check(() => {
      if (other.seal.day === day.seal.day) {
        if (JSON.stringify(other.seal) === JSON.stringify(day.seal))
          return undefined;
        throw new Wrong(
          `${day.seal.day} has another seal in another of these folders: a day has one`,
          { file: "seal.note" },
        );
      }
      for (const [id, units] of day.units) {
        const unit = firstCommon(units, other.units.get(id));
        if (unit === undefined) continue;
        throw new Wrong(
          `unit ${unit} of ${id} was won on ${other.seal.day}, too`,
        );
      }
      return undefined;
    });
  }
}

function firstCommon(
  one: Float64Array,
  other: Float64Array = new Float64Array(),
): number | undefined {
  for (let [a, b] = [0, 0]; a < one.length && b < other.length; ) {
    const [left = 0, right = 0] = [one[a], other[b]];
    if (left === right) return left;
    if (left < right) a += 1;
    else b += 1;
  }
  return undefined;
}
