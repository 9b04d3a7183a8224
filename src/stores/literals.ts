import type { Sql } from "postgres";

type Value = string | number | boolean | null | (string | number)[];

/** A piece of a statement, with its values written in. */
class Piece {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * The tag of a statement whose values are written into its text, for a link that keeps nothing between two messages: a
 * statement with parameters takes two of them, or a name that another connection does not know.
 */
export const withLiterals = ((
  strings: TemplateStringsArray,
  ...values: (Value | Piece)[]
) =>
  new Piece(
    strings.reduce((text, string, n) => {
      const value = values[n - 1] as Value | Piece;
      return `${text}${value instanceof Piece ? value.text : literal(value)}${string}`;
    }),
  )) as unknown as Sql;

/** The text of a statement made by `withLiterals`. */
export const textOf = (statement: unknown): string => {
  if (statement instanceof Piece) return statement.text;
  throw new TypeError("not a statement of withLiterals");
};

/** A value as SQL has it. */
function literal(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  // A negative number behind a minus would begin a comment.
  if (typeof value === "number")
    return Number.isFinite(value) ? `(${value})` : quoted(String(value));
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return quoted(arrayText(value));
  throw new TypeError(`can't be written into a statement: ${typeof value}`);
}

/** An array as Postgres reads it, of any type. */
export const arrayText = (items: (string | number)[]): string =>
  `{${items.map((item) => quotedItem(String(item))).join(",")}}`;

/** An item of an array as Postgres reads it. */
export const quotedItem = (text: string): string => {
  const escaped = /["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text;
  return `"${escaped}"`;
};

/** An escape string: it reads the same whatever standard_conforming_strings and backslash_quote say. */
function quoted(text: string): string {
  // Postgres's own words for a character that no text of it can hold; it would end the message here.
  if (text.includes("\0")) {
    const error = new Error("invalid byte sequence for encoding: 0x00");
    throw Object.assign(error, { name: "PostgresError", code: "22021" });
  }
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
