import { Temporal } from "temporal-polyfill";
import { invalid } from "./errors.js";

/** Where a page ended, as an opaque text. */
export const encodeCursor = (...place: (string | number)[]) =>
  Buffer.from(place.join(" ")).toString("base64url");

/** The date in a cursor. Throws INVALID_REQUEST where there is no such day. */
export function cursorDate(text: string): string {
  try {
    return Temporal.PlainDate.from(text, { overflow: "reject" }).toString();
  } catch {
    throw invalid("cursor", "must be the next_cursor of the page before");
  }
}

/** The groups of `shape` in a cursor. Throws INVALID_REQUEST where it is none of ours. */
export function decodeCursor(cursor: string, shape: RegExp): string[] {
  const text = Buffer.from(cursor, "base64url").toString();
  const place = shape.exec(text);
  if (!place) {
    throw invalid("cursor", "must be the next_cursor of the page before");
  }
  return place.slice(1);
}
