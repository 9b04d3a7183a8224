import { invalid } from "./errors.js";

/** Where a page ended, as an opaque text. */
export const encodeCursor = (...place: (string | number)[]) =>
  Buffer.from(place.join(" ")).toString("base64url");

/** The groups of `shape` in a cursor. Throws INVALID_REQUEST where it is none of ours. */
export function decodeCursor(cursor: string, shape: RegExp): string[] {
  const text = Buffer.from(cursor, "base64url").toString();
  const place = shape.exec(text);
  if (!place) {
    throw invalid("cursor", "must be the next_cursor of the page before");
  }
  return place.slice(1);
}
