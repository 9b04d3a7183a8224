import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { type Change, changePrizes } from "../admin/prizes/change-prizes.js";
import { Failure } from "../errors.js";
import { decodeText } from "../settings/text.js";
import type { Postgres } from "../stores/postgres.js";
import {
  formatPrizes,
  type PrizeTexts,
  parsePrize,
  parsePrizes,
} from "./prizes-csv.js";
import {
  CommandError,
  print,
  runProgram,
  UsageError,
  withDatabase,
} from "./program.js";

const HELP = `npm run -s prizes -- COMMAND

  list                 all prizes, with the sum of their odds
  set ID [--title T] [--probability P] [--daily-quota N|unlimited] [--total-quota N|unlimited] [--active true|false]
                       [--fallback true|false]
                       changes what is given of a prize; with --new makes it (title and probability are needed)
  import FILE          replaces the whole table by a CSV file, all or none; prizes not in it are made inactive
  export               the whole table as such a file, to stdout

A change is in force on every running server within two seconds, and is kept in the history.
The database is DATABASE_URL's, from the environment or .env, or that of an npm start that runs in this folder.
Exit code: 0 done, 1 failed, 2 called wrongly.`;

const COMMANDS: Record<string, (args: string[]) => Promise<void>> = {
  list,
  set,
  import: importFile,
  export: exportFile,
};

await runProgram(HELP, async ([name = "", ...args]) => {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    throw new UsageError(
      name ? `There is no command ${name}.` : "A command is missing.",
    );
  }
  await command(args);
  return 0;
});

async function list(args: string[]): Promise<void> {
  parseArgs({ args });
  await withDatabase(async (postgres) => {
    const rows = await readTexts(postgres);
    const odds = rows
      .filter((row) => row.active === "true")
      .reduce((sum, row) => sum + Number(row.probability), 0);
    const lines = [
      ["ID", "TITLE", "ODDS", "A DAY", "IN ALL", "ACTIVE", "FALLBACK"],
      ...rows.map((row) => [
        row.id ?? "",
        row.title ?? "",
        row.probability ?? "",
        row.daily_quota ?? "unlimited",
        row.total_quota ?? "unlimited",
        row.active === "true" ? "yes" : "no",
        row.fallback === "true" ? "yes" : "",
      ]),
    ];
    const sum = Number(odds.toFixed(9));
    const none = Number(Math.max(0, 1 - sum).toFixed(9));
    const fallback = rows.find(
      (row) => row.active === "true" && row.fallback === "true",
    );
    const rest = fallback ? `${fallback.id} instead of none` : "no prize";
    await print(
      `${table(lines)}\n\nThe odds of the active prizes sum to ${sum}; ${rest}: ${none}`,
    );
  });
}

/** Columns as wide as their widest text. */
function table(lines: string[][]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => [...(line[column] ?? "")].length)),
  );
  const pad = (text: string, column: number) =>
    text + " ".repeat((widths[column] ?? 0) - [...text].length);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

async function set(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      title: { type: "string" },
      probability: { type: "string" },
      "daily-quota": { type: "string" },
      "total-quota": { type: "string" },
      active: { type: "string" },
      fallback: { type: "string" },
      new: { type: "boolean", default: false },
    },
  });
  const [id, ...more] = positionals;
  if (!id || more.length > 0) throw new UsageError("set: name one prize.");
  const quota = (text: string) => (text === "unlimited" ? null : text);
  const given: PrizeTexts = {
    id,
    ...(values.title !== undefined && { title: values.title }),
    ...(values.probability !== undefined && {
      probability: values.probability,
    }),
    ...(values["daily-quota"] !== undefined && {
      daily_quota: quota(values["daily-quota"]),
    }),
    ...(values["total-quota"] !== undefined && {
      total_quota: quota(values["total-quota"]),
    }),
    ...(values.active !== undefined && { active: values.active }),
    ...(values.fallback !== undefined && { fallback: values.fallback }),
  };
  if (Object.keys(given).length === 1) {
    throw new UsageError("set: name something to change.");
  }
  const { prize, objections } = parsePrize(given);
  const mistakes = objections.filter(
    (it) => values.new || !it.endsWith(": is missing."),
  );
  if (mistakes.length > 0) throw new CommandError(mistakes.join("\n"));
  await withDatabase(async (postgres) => {
    await change(postgres, values.new ? "create" : "change", [prize]);
    await print(`${id}: saved.`);
  });
}

async function importFile(args: string[]): Promise<void> {
  const [file, ...more] = parseArgs({
    args,
    allowPositionals: true,
  }).positionals;
  if (!file || more.length > 0) throw new UsageError("import: name one file.");
  const bytes = await readFile(file).catch((error: Error) => {
    throw new CommandError(`${file} can't be read: ${error.message}.`);
  });
  const text = decodeText(bytes);
  if (text === undefined) {
    throw new CommandError(
      `${file} was not imported: it is not in UTF-8. Save it as «CSV UTF-8» in the spreadsheet.`,
    );
  }
  const prizes = parsePrizes(text, file);
  await withDatabase(async (postgres) => {
    await change(postgres, "replace", prizes).catch((error: unknown) => {
      if (!(error instanceof Failure) || error.code === "UNAVAILABLE") {
        throw error;
      }
      throw new CommandError(`${file} was not imported:\n  ${error.message}`);
    });
    await print(`${prizes.length} prizes: saved.`);
  });
}

async function exportFile(args: string[]): Promise<void> {
  parseArgs({ args });
  await withDatabase(async (postgres) => {
    await print(formatPrizes(await readTexts(postgres)));
  });
}

function change(
  postgres: Postgres,
  mode: Change["mode"],
  prizes: Change["prizes"],
) {
  const changed_by = `command: ${userName()}`;
  const edit = { mode, prizes, changed_by, expected: null, preview: false };
  return changePrizes(postgres, edit);
}

/** In a container the user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

/** The prizes as texts: a probability keeps all its digits. */
function readTexts(postgres: Postgres): Promise<PrizeTexts[]> {
  return postgres.query(
    (sql) => sql<PrizeTexts[]>`
      select id, title, probability::text, daily_quota::text, total_quota::text, active::text, fallback::text
      from prize order by id`,
  );
}
