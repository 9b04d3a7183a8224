/** A line of a log that decides or voids something: what is kept of it besides its text. */
export type Parsed =
  | { kind: "D" | "R"; seq: number; p: string; outcome: string }
  | { kind: "V"; seq: number; of: number }
  | { kind: "G"; seq: number; from: number }
  | { kind: "other"; seq: number };

/** How a draw without a prize ends: nine of ten lines, and nothing more of them is needed. */
const NO_PRIZE = "\t-\t";

export function parseLine(line: string): Parsed {
  if (line.endsWith(NO_PRIZE)) {
    const seq = Number.parseInt(line, 10);
    return { kind: "D", seq, p: "", outcome: "-" };
  }
  const [head = "", , kind, ...rest] = line.split("\t", 8);
  const seq = Number(head);
  switch (kind) {
    case "D":
      return { kind, seq, p: rest[0] ?? "", outcome: rest[3] ?? "-" };
    case "R":
      return { kind, seq, p: rest[0] ?? "", outcome: rest[2] ?? "-" };
    case "V":
      return { kind, seq, of: Number(rest[0]) };
    case "G":
      return { kind, seq, from: Number(rest[0]) };
    default:
      return { kind: "other", seq };
  }
}

/** `PRIZE:unit:day_unit`, or undefined for `-`. */
export function parseOutcome(
  outcome: string,
): { prize_id: string; unit: number; day_unit: number } | undefined {
  const [prize_id = "", unit, day_unit] = outcome.split(":");
  return day_unit === undefined
    ? undefined
    : { prize_id, unit: Number(unit), day_unit: Number(day_unit) };
}

export const outcomeOf = (of: {
  prize_id: string;
  unit: number;
  day_unit: number;
}): string => `${of.prize_id}:${of.unit}:${of.day_unit}`;
