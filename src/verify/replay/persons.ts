import type { DayState } from "./state.js";

// Wins of a person, plus one: a table holds no 0.

export function winsOf({ names, persons }: DayState, p: string): number {
  const { high, low } = names.keyOf(p);
  return Math.max(0, persons.get(high, low) - 1);
}

/** Counts a win, and returns whose it is. */
export function countWin({ names, persons }: DayState, p: string) {
  const { high, low } = names.keyOf(p);
  persons.set(high, low, Math.max(1, persons.get(high, low)) + 1);
  return { personHigh: high, personLow: low };
}

export function uncountWin(
  { persons }: DayState,
  { personHigh, personLow }: { personHigh: number; personLow: number },
): void {
  const value = persons.get(personHigh, personLow);
  persons.set(personHigh, personLow, Math.max(1, value - 1));
}
