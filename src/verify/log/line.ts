import { isCount, oneOf } from "../json.js";
import { Wrong } from "../report.js";

export type Outcome = { prize: string; unit: number; dayUnit: number };

/** A line of a log. */
export type Line = { seq: number; at: number } & (
  | { kind: "T"; json: string }
  | {
      kind: "D";
      p: string;
      drawNo: number;
      roll: number;
      outcome: string;
      how: string;
    }
  | { kind: "V"; draw: number }
  | { kind: "G"; from: number; to: number; reason: string }
  | { kind: "R"; p: string; drawNo: number; outcome: Outcome }
  | { kind: "L"; prize: string; pool: "all" | "day"; from: number; to: number }
);

/** How many fields a line of a kind has. */
const FIELDS = { T: 5, D: 8, V: 4, G: 6, R: 6, L: 7 };
const isKind = (text: string): text is keyof typeof FIELDS =>
  Object.hasOwn(FIELDS, text);
const isHow = oneOf("", "moment", "fallback", "limited");

export function readLine(text: string): Line {
  const fields = text.split("\t");
  const [
    first = "",
    second = "",
    kind = "",
    a = "",
    b = "",
    c = "",
    d = "",
    e = "",
  ] = fields;
  if (!isKind(kind) || fields.length !== FIELDS[kind]) {
    throw new Wrong("this is no line of a log");
  }
  const seq = numberOf(first);
  const at = numberOf(second);
  switch (kind) {
    case "D":
      if (!isHow(e)) throw new Wrong(`${JSON.stringify(e)} is no way to win`);
      return {
        seq,
        at,
        kind,
        p: a,
        drawNo: numberOf(b),
        roll: numberOf(c),
        outcome: d,
        how: e,
      };
    case "T":
      return { seq, at, kind, json: b };
    case "V":
      return { seq, at, kind, draw: numberOf(a) };
    case "G":
      return { seq, at, kind, from: numberOf(a), to: numberOf(b), reason: c };
    case "R":
      return {
        seq,
        at,
        kind,
        p: a,
        drawNo: numberOf(b),
        outcome: readOutcome(c),
      };
    case "L":
      if (b !== "all" && b !== "day") throw new Wrong(`there is no pool ${b}`);
      return {
        seq,
        at,
        kind,
        prize: a,
        pool: b,
        from: numberOf(c),
        to: d === "-1" ? -1 : numberOf(d),
      };
  }
}

/** A number as the log writes it: decimal digits without a leading zero. */
function numberOf(text: string): number {
  const number = Number(text);
  if (!isCount(number) || String(number) !== text) {
    throw new Wrong(`${JSON.stringify(text)} is no number`);
  }
  return number;
}

export function readOutcome(text: string): Outcome {
  const [prize = "", unit = "", dayUnit = "", ...more] = text.split(":");
  if (prize === "" || more.length > 0) {
    throw new Wrong(`${JSON.stringify(text)} is no outcome`);
  }
  return { prize, unit: numberOf(unit), dayUnit: numberOf(dayUnit) };
}
