import { stringify } from "csv-stringify/sync";
import { stateOf } from "../../results/claim.js";
import type { ResultRow } from "./find-results.js";

const COLUMNS = [
  "id",
  "user_id",
  "prize_id",
  "title",
  "draw_date",
  "unit",
  "day_unit",
  "created_at",
  "state",
  "redeemed_at",
];

type Options = {
  /** with the winners' phone numbers */
  phones: boolean;
  /** the first draw date whose wins can still be redeemed */
  since: string | undefined;
};

/** Some spreadsheets split a field at these as well. */
const INNER_FORMULA = /([;\t|]\s*)(?=[=+\-@])/g;

/**
 * Wins as CSV (RFC 4180, UTF-8), page by page; the header comes with the first one. A text that a spreadsheet would take
 * for a formula has an apostrophe before it; a phone number has none, its plus is harmless.
 */
export async function* winnersCsv(
  pages: AsyncIterable<ResultRow[]>,
  { phones, since }: Options,
): AsyncGenerator<string> {
  let header = true;
  for await (const page of pages) {
    const rows = page.map((row) => ({ ...row, state: stateOf(row, since) }));
    const text = stringify(rows, {
      header,
      columns: phones ? [...COLUMNS, "phone_no"] : COLUMNS,
      record_delimiter: "windows",
      escape_formulas: true,
      cast: {
        date: (moment) => moment.toISOString(),
        string: (value, { column }) =>
          column === "phone_no"
            ? { value, escape_formulas: false }
            : value.replace(INNER_FORMULA, "$1'"),
      },
    });
    header = false;
    if (text) yield text;
  }
}
