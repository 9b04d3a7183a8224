const NAMES = [
  "lines",
  "draws",
  "voidedDraws",
  "tables",
  "voids",
  "decidedAgain",
  "gaps",
  "gapNumbers",
  "returned",
  "repeats",
  "jumps",
  "unknownLimits",
  "limited",
  "unseenMoments",
  "claimsBefore",
  "unitsBefore",
  "changes",
  "noneHeld",
  "backwards",
] as const;

/** What is told of all logs at the end. */
export type Tally = Record<(typeof NAMES)[number], number>;

export const createTally = (): Tally =>
  Object.fromEntries(NAMES.map((name) => [name, 0])) as Tally;
