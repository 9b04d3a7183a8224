import { readFile } from "node:fs/promises";
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
  runCommands,
  UsageError,
  withDatabase,
} from "./program.js";
import { table } from "./table.js";
import { changedBy } from "./user-name.js";

const HELP = `npm run -s prizes -- COMMAND [--campaign ID]

  list                 all prizes, with the sum of their odds
  set ID [--title T] [--probability P] [--daily-quota N|unlimited] [--total-quota N|unlimited] [--active true|false]
                       [--fallback true|false] [--release HH:MM-HH:MM|none]
                       changes what is given of a prize; with --new makes it (title and probability are needed)
  import FILE          replaces the whole table by a CSV file, all or none; prizes not in it are made inactive
  export               the whole table as such a file, to stdout

--campaign: whose prizes; default where it is left out. --release: local times between which the daily quota is released.
A change is in force on every running server within two seconds, and is kept in the history.
The database is DATABASE_URL's, from the environment or .env, or that of an npm start that runs in this folder.
Exit code: 0 done, 1 failed, 2 called wrongly.`;

const COMMANDS = {
  list,
  set,
  import: importFile,
  export: exportFile,
};

const campaign = { type: "string", default: "default" } as const;

await runCommands(HELP, COMMANDS);

async function list(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { campaign } });
  await withDatabase(async (postgres) => {
    const rows = await readTexts(postgres, values.campaign);
    const odds = rows
      .filter((row) => row.active === "true")
      .reduce((sum, row) => sum + Number(row.probability), 0);
    const hasRelease = rows.some((row) => row.release_from);
    const lines = [
      [
        "ID",
        "TITLE",
        "ODDS",
        "A DAY",
        "IN ALL",
        "ACTIVE",
        "FALLBACK",
        ...(hasRelease ? ["RELEASE"] : []),
      ],
      ...rows.map((row) => [
        row.id ?? "",
        row.title ?? "",
        row.probability ?? "",
        row.daily_quota ?? "unlimited",
        row.total_quota ?? "unlimited",
        row.active === "true" ? "yes" : "no",
        row.fallback === "true" ? "yes" : "",
        ...(hasRelease
          ? [row.release_from ? `${row.release_from}-${row.release_to}` : ""]
          : []),
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
      release: { type: "string" },
      campaign,
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
    ...(values.release !== undefined && parseRelease(values.release)),
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
    await change(postgres, values.campaign, {
      mode: values.new ? "create" : "change",
      prizes: [prize],
    });
    await print(`${id}: saved.`);
  });
}

async function importFile(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { campaign },
  });
  const [file, ...more] = positionals;
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
    const table = { mode: "replace", prizes } as const;
    await change(postgres, values.campaign, table).catch((error: unknown) => {
      if (!(error instanceof Failure) || error.code === "UNAVAILABLE") {
        throw error;
      }
      throw new CommandError(`${file} was not imported:\n  ${error.message}`);
    });
    await print(`${prizes.length} prizes: saved.`);
  });
}

async function exportFile(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { campaign } });
  await withDatabase(async (postgres) => {
    await print(formatPrizes(await readTexts(postgres, values.campaign)));
  });
}

function change(
  postgres: Postgres,
  campaign: string,
  edit: Pick<Change, "mode" | "prizes">,
) {
  const common = { changed_by: changedBy(), expected: null, preview: false };
  return changePrizes(postgres, { ...edit, ...common, campaign });
}

/** `09:00-21:00` as the two fields. */
function parseRelease(text: string): PrizeTexts {
  const [from = "", to = ""] = text === "none" ? [] : text.split("-");
  return { release_from: from, release_to: to };
}

/** The prizes as texts: a probability keeps all its digits. */
function readTexts(
  postgres: Postgres,
  campaign: string,
): Promise<PrizeTexts[]> {
  return postgres.query(
    (sql) => sql<PrizeTexts[]>`
      select id, title, probability::text, daily_quota::text, total_quota::text, active::text, fallback::text,
        to_char(release_from, 'HH24:MI') as release_from, to_char(release_to, 'HH24:MI') as release_to
      from prize where campaign_id = ${campaign} order by id`,
  );
}
