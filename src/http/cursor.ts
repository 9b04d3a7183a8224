import { Temporal } from "temporal-polyfill";
import { invalid } from "../errors.js";

/** Where a page ended, as an opaque text. */
export const encodeCursor = (...place: (string | number)[]) =>
  Buffer.from(place.join(" ")).toString("base64url");

/** The groups of `shape` in a cursor. Throws INVALID_REQUEST where it is none of ours. */
export function decodeCursor(cursor: string, shape: RegExp): string[] {
  const bytes = Buffer.from(cursor, "base64url");
  const place = shape.exec(bytes.toString());
  // Node reads base64 with anything in between.
  if (!place || bytes.toString("base64url") !== cursor) throw notOurs();
  return place.slice(1);
}

/** A draw date of a cursor, of the years 1000 to 2999. Throws INVALID_REQUEST where there is no such day. */
export function dateOf(text: string): string {
  if (!/^[12]/.test(text)) throw notOurs();
  try {
    return Temporal.PlainDate.from(text).toString();
  } catch {
    throw notOurs();
  }
}

const notOurs = () =>
  invalid("cursor", "must be the next_cursor of the page before");
