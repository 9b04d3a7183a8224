import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createClock } from "../clock.js";
import { readCampaigns } from "../prizes/campaign.js";
import { findDay } from "../proof/read/days.js";
import type { Postgres } from "../stores/postgres.js";
import {
  CommandError,
  print,
  runCommands,
  UsageError,
  withDatabase,
} from "./program.js";
import { exportDay } from "./proof/export-day.js";
import { statementOf } from "./proof/statement.js";

const HELP = `npm run -s proof -- COMMAND [--campaign ID]

  export --day DAY [--auditor] DIR
               writes all that is published of a day, so that it can be checked: npm run verify -- DIR. DAY such as
               2026-11-22, or today. --auditor: with names_key.txt, by which whoever knows the usernames can tell whose draw
               is whose; it needs PROOF_KEY, and is for the auditor's eyes alone
  statement [FILE]
               a statement for the promotion's file as one HTML page, to be printed: rules, odds and their history, seals, counts
               against the odds, roots; to stdout where FILE is left out

--campaign: default where it is left out.
The database is DATABASE_URL's, from the environment or .env, or that of an npm start that runs in this folder.
Exit code: 0 done, 1 failed (what was written until then is not whole), 2 called wrongly.`;

const campaign = { type: "string", default: "default" } as const;

await runCommands(HELP, { export: exportFiles, statement });

async function exportFiles(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      campaign,
      day: { type: "string" },
      auditor: { type: "boolean", default: false },
    },
  });
  const [folder, ...more] = positionals;
  if (!folder || more.length > 0) {
    throw new UsageError("export: name one folder.");
  }
  const given = parseDay(values.day);
  await withDatabase(async (postgres, config) => {
    const its = await readCampaign(postgres, values.campaign);
    const zone = its.time_zone ?? config.TIME_ZONE;
    const clock = createClock(zone, async () => Date.now());
    const date = given === "today" ? clock.today().date : given;
    const day = await findDay(postgres, its.id, date);
    if (!day) {
      throw new CommandError(
        `Nothing is sealed for ${date} in the campaign ${its.id}.`,
      );
    }
    const key = config.PROOF_KEY;
    const options = values.auditor ? { folder, auditor: { key } } : { folder };
    await exportDay(postgres, day, options);
    const state = day.close === null ? "it is not closed yet" : "it is closed";
    process.stderr.write(`${date} of ${its.id}: ${state}.\n`);
  });
}

async function statement(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { campaign },
  });
  const [file, ...more] = positionals;
  if (more.length > 0) throw new UsageError("statement: name one file.");
  await withDatabase(async (postgres, config) => {
    const its = await readCampaign(postgres, values.campaign);
    const html = await statementOf(postgres, its, {
      timeZone: its.time_zone ?? config.TIME_ZONE,
      now: new Date(),
      tell: (sentence) => process.stderr.write(`${sentence}\n`),
    });
    if (file === undefined) await print(html);
    else await writeFile(file, html);
  });
}

async function readCampaign(postgres: Postgres, id: string) {
  const [its] = await readCampaigns(postgres, id);
  if (!its) throw new CommandError(`There is no campaign ${id}.`);
  return its;
}

function parseDay(text = ""): string {
  if (text === "today") return text;
  const isDay =
    /^[12]\d{3}-\d\d-\d\d$/.test(text) &&
    new Date(`${text}T00:00Z`).toJSON()?.startsWith(text);
  if (isDay) return text;
  throw new UsageError("--day: must be a date such as 2026-11-22, or today.");
}
