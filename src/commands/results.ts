import { parseArgs } from "node:util";
import { countDay, dayPages } from "../admin/results/day-pages.js";
import type { ResultRow } from "../admin/results/find-results.js";
import { winnersCsv } from "../admin/results/winners-csv.js";
import { createClock } from "../clock.js";
import { readCampaigns } from "../prizes/campaign.js";
import { openSince } from "../results/claim.js";
import {
  CommandError,
  print,
  runProgram,
  UsageError,
  withDatabase,
} from "./program.js";

const HELP = `npm run -s results -- export --day DAY [--phones] [--campaign ID]

  export       all wins of a day as CSV, to stdout; progress goes to stderr
  --day DAY    a campaign day, such as 2026-11-22, or today
  --campaign   whose wins; default where it is left out
  --phones     with the winners' phone numbers

The database is DATABASE_URL's, from the environment or .env, or that of an npm start that runs in this folder.
Exit code: 0 done, 1 failed (what came until then is not whole), 2 called wrongly.`;

/** Milliseconds after which an export says how far it is. */
const TELL_EVERY_MS = 1_000;

await runProgram(HELP, async ([name, ...args]) => {
  if (name !== "export") {
    throw new UsageError(
      name ? `There is no command ${name}.` : "A command is missing.",
    );
  }
  const { values } = parseArgs({
    args,
    options: {
      day: { type: "string" },
      phones: { type: "boolean", default: false },
      campaign: { type: "string", default: "default" },
    },
  });
  const given = parseDay(values.day);
  await withDatabase(async (postgres, config) => {
    const { campaign } = values;
    const [its] = await readCampaigns(postgres, campaign);
    if (!its) throw new CommandError(`There is no campaign ${campaign}.`);
    const timeZone = its.time_zone ?? config.TIME_ZONE;
    const clock = createClock(timeZone, async () => Date.now());
    const day = given === "today" ? clock.today().date : given;
    const since = openSince(clock, its.claim_days ?? config.CLAIM_DAYS);
    const total = await countDay(postgres, { campaign, day });
    const pages = told(dayPages(postgres, { campaign, day }, since), total);
    for await (const text of winnersCsv(pages, { ...values, since })) {
      await print(text);
    }
  });
  return 0;
});

function parseDay(text: string | undefined): string {
  if (text === "today") return text;
  const isDay =
    /^[12]\d{3}-\d\d-\d\d$/.test(text ?? "") &&
    new Date(`${text}T00:00Z`).toJSON()?.startsWith(text ?? "");
  if (!text || !isDay) {
    throw new UsageError("--day: must be a date such as 2026-11-22, or today.");
  }
  return text;
}

/** The pages, with a line on stderr every second where it takes long, or over and over where that is a terminal. */
async function* told(pages: AsyncIterable<ResultRow[]>, total: number) {
  const { isTTY } = process.stderr;
  const end = isTTY ? "\r" : "\n";
  let count = 0;
  let next = performance.now() + (isTTY ? 0 : TELL_EVERY_MS);
  for await (const page of pages) {
    yield page;
    count += page.length;
    if (performance.now() < next) continue;
    next = performance.now() + TELL_EVERY_MS;
    process.stderr.write(`${count} of about ${total} wins${end}`);
  }
  process.stderr.write(`${count} wins\n`);
}
