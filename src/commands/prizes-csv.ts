import { CsvError, parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { Compile } from "typebox/compile";
import { Settings } from "typebox/system";
import { remedyOf } from "../admin/remedies.js";
import { PrizeFields } from "../admin/schemas/prizes.js";
import { CommandError } from "./program.js";

const COLUMNS = [
  "id",
  "title",
  "probability",
  "daily_quota",
  "total_quota",
  "active",
  "fallback",
  "release_from",
  "release_to",
];

const WITHOUT_RELEASE = COLUMNS.slice(0, -2);

/** Files of before there were fallbacks, or releases, have no such columns. */
const HEADERS = [0, -2, -3].map((n) => COLUMNS.slice(0, n || undefined).join());

/** A prize as a file has it, every field a text; quotas empty for unlimited. */
export type PrizeTexts = Record<string, string | null>;

// TypeBox tells eight mistakes of a prize unless told otherwise, three of them for one quota.
Settings.Set({ maxErrors: 64 });

const schema = Compile(PrizeFields);

/** Prizes as CSV. Texts stay as they are, so that an import gets them back: look before a spreadsheet takes one for a formula. */
export const formatPrizes = (prizes: PrizeTexts[]) =>
  stringify(prizes, {
    header: true,
    // Most tables have no release.
    columns: prizes.some((it) => it.release_from) ? COLUMNS : WITHOUT_RELEASE,
  });

/**
 * Reads prizes as formatPrizes writes them. Throws a CommandError that tells all mistakes at once, each with its line.
 */
export function parsePrizes(text: string, file: string) {
  const rows = readRows(text, file);
  const mistakes: string[] = [];
  const seen = new Map<string, number>();
  const prizes = rows.map(({ record, line }) => {
    const { prize, objections } = parsePrize(record);
    const id = String(prize.id);
    const twin = seen.get(id);
    if (twin) objections.push(`id: ${id} is in line ${twin} already.`);
    else seen.set(id, line);
    mistakes.push(...objections.map((it) => `line ${line}: ${it}`));
    return prize;
  });
  if (rows.length === 0) mistakes.push("line 2: is missing; name a prize.");
  if (mistakes.length > 0) {
    throw new CommandError(
      `${file} was not imported:\n${mistakes.map((it) => `  ${it}`).join("\n")}`,
    );
  }
  return prizes;
}

/**
 * A prize for change_prizes, and what is wrong with it. The probability stays the decimal that it was, with all its
 * digits. What is absent stays absent.
 */
export function parsePrize(texts: PrizeTexts) {
  const { probability, daily_quota, total_quota, active, fallback } = texts;
  const { release_from, release_to } = texts;
  const typed = {
    ...texts,
    ...(probability !== undefined && { probability: decimal(probability) }),
    ...(daily_quota !== undefined && { daily_quota: quota(daily_quota) }),
    ...(total_quota !== undefined && { total_quota: quota(total_quota) }),
    ...(active !== undefined && { active: truth(active) }),
    ...(fallback !== undefined && { fallback: truth(fallback) }),
    ...(release_from !== undefined && { release_from: release_from || null }),
    ...(release_to !== undefined && { release_to: release_to || null }),
  };
  const objections = new Map<string, string>();
  for (const error of schema.Errors(typed)) {
    const [field, remedy] = remedyOf(error as never, "body");
    if (!objections.has(field)) objections.set(field, `${field}: ${remedy}.`);
  }
  const prize = {
    ...typed,
    id: texts.id ?? "",
    ...(probability !== undefined && { probability }),
  };
  return { prize, objections: [...objections.values()] };
}

/** Spreadsheets write TRUE and FALSE. */
const truth = (text: string | null) =>
  /^true$/i.test(text ?? "") || (/^false$/i.test(text ?? "") ? false : text);

const decimal = (text: string | null) =>
  /^\d*\.?\d+(e-?\d+)?$/i.test(text ?? "") ? Number(text) : text;

function quota(text: string | null) {
  if (text === "" || text === null) return null;
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Where the decimal sign is a comma, spreadsheets separate columns by semicolons or tabs. */
function delimiterOf(text: string): string {
  const [head = ""] = text.split(/\r?\n/, 1);
  return [";", "\t"].find((sign) => head.includes(sign)) ?? ",";
}

const withPoint = (record: PrizeTexts): PrizeTexts => ({
  ...record,
  probability: record.probability?.replace(/^(\d*),(\d+)$/, "$1.$2") ?? null,
});

function readRows(text: string, file: string) {
  try {
    const delimiter = delimiterOf(text);
    const rows = parse(text, {
      bom: true,
      delimiter,
      columns: (names: string[]) => {
        const named = names.map((name) => name.trim());
        while (named.at(-1) === "") named.pop();
        if (HEADERS.includes(named.join())) return named;
        throw new CommandError(
          `${file}: line 1: must be ${WITHOUT_RELEASE.join(",")}, as prizes export writes it; release_from and release_to may follow.`,
        );
      },
      info: true,
      skip_empty_lines: true,
      // A spreadsheet may write commas for columns, and lines for rows, that once held something.
      skip_records_with_empty_values: true,
      relax_column_count_more: true,
    }) as unknown as { record: PrizeTexts; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({
      record: delimiter === "," ? record : withPoint(record),
      line: info.lines,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CommandError(`${file}: ${error.message}.`);
  }
}
