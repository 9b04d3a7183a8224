import type { Moment } from "../day/moments.js";
import { canGive, dayUnitOf, type Prize, unitOf } from "./prizes.js";

/** What the rules give to a draw; `how` as in the log. */
export type Decision = {
  prize: Prize | undefined;
  how: "" | "moment" | "fallback";
  moment?: Moment;
};

const NONE: Decision = { prize: undefined, how: "" };

/** The prize whose stretch of the odds a roll falls in. */
export function stretchOf(prizes: Prize[], roll: number): number {
  let [low, high] = [0, prizes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (roll < (prizes[middle]?.rule.odds_to ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The open moment that is due first, of a prize that has a unit to give. */
export function dueMoment(
  prizes: Prize[],
  at: number,
): { prize: Prize; moment: Moment } | undefined {
  let first: { prize: Prize; moment: Moment } | undefined;
  for (const prize of prizes) {
    const moment = prize.moments.at(-1);
    if (!moment || moment.at > at || !canGive(prize, at)) continue;
    if (!first || isBefore(moment, first.moment)) first = { prize, moment };
  }
  return first;
}

/** By time, then by the bytes of `PRIZE/id`: that is how the engine keeps them. */
export function isBefore(one: Moment, other: Moment): boolean {
  if (one.at !== other.at) return one.at < other.at;
  return `${one.prize}/${one.id}` < `${other.prize}/${other.id}`;
}

/** What a draw gets, wherever its person may still win. Changes nothing. */
export function decide(prizes: Prize[], roll: number, at: number): Decision {
  const due = dueMoment(prizes, at);
  if (due) return { ...due, how: "moment" };
  const met = prizes[stretchOf(prizes, roll)];
  if (met && canGive(met, at)) return { prize: met, how: "" };
  const fallback = prizes.find(({ rule }) => rule.fallback);
  if (fallback && fallback !== met && canGive(fallback, at)) {
    return { prize: fallback, how: "fallback" };
  }
  return NONE;
}

/** A decision as the log writes its outcome. */
export const outcomeOf = ({ prize }: Decision, at: number): string =>
  prize ? `${prize.id}:${unitOf(prize)}:${dayUnitOf(prize, at)}` : "-";

/** Takes the unit and the moment that a decision gives. */
export function carryOut({ prize, moment }: Decision, at: number): void {
  if (!prize) return;
  const [unit, dayUnit] = [unitOf(prize), dayUnitOf(prize, at)];
  prize.all.take(unit);
  prize.today.take(dayUnit);
  if (moment) prize.moments.pop();
}
