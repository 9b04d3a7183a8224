import { parseArgs } from "node:util";
import {
  generateMoments,
  listOf,
  MOST_MOMENTS,
} from "../admin/moments/generate.js";
import { addMoments, readMoments } from "../admin/moments/moments.js";
import { createClock } from "../clock.js";
import { readCampaigns } from "../prizes/campaign.js";
import {
  CommandError,
  print,
  runCommands,
  UsageError,
  withDatabase,
} from "./program.js";
import { table } from "./table.js";
import { changedBy } from "./user-name.js";

const HELP = `npm run -s moments -- COMMAND [--campaign ID]

  generate PRIZE --count N --from FROM --to TO [--hours 9-21] [--list]
               draws N winning moments of a prize between two days or moments, each equally likely, from the operating
               system's generator, saves them, and prints a certificate: the list's SHA-256, when, by whom. A day TO is
               among them. --hours: local hours of each day. --list: prints the list, too; keep it secret until the end.
  list         the winning moments of the campaign, and which are claimed

The first draw from a moment on wins a unit of its prize; one that nobody has claimed waits.
--campaign: default where it is left out. A day is the campaign's, such as 2026-12-01; a moment has an offset, such as
2026-12-24T18:00:00+08:00. To check a certificate: npm run -s moments -- list --as-list | sha256sum
The database is DATABASE_URL's, from the environment or .env, or that of an npm start that runs in this folder.
Exit code: 0 done, 1 failed, 2 called wrongly.`;

const COMMANDS = {
  generate,
  list,
};

const text = { type: "string" } as const;
const campaign = { type: "string", default: "default" } as const;

/** Moments read at a time. */
const PAGE_SIZE = 1_000;

await runCommands(HELP, COMMANDS);

async function generate(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      campaign,
      count: text,
      from: text,
      to: text,
      hours: text,
      list: { type: "boolean", default: false },
    },
  });
  const [prize_id, ...more] = positionals;
  if (!prize_id || more.length > 0) {
    throw new UsageError("generate: name one prize.");
  }
  const count = parseCount(values.count);
  const hours =
    values.hours === undefined ? undefined : parseHours(values.hours);
  await withDatabase(async (postgres, config) => {
    const [its] = await readCampaigns(postgres, values.campaign);
    if (!its)
      throw new CommandError(`There is no campaign ${values.campaign}.`);
    const timeZone = its.time_zone ?? config.TIME_ZONE;
    const from = parseMoment("--from", values.from, timeZone, false);
    const to = parseMoment("--to", values.to, timeZone, true);
    const moments = generateMoments(count, { from, to, hours, timeZone });
    if (moments.length === 0) {
      throw new CommandError(
        "There is no time between --from and --to, or none within --hours.",
      );
    }
    const target = { campaign: its.id, prize_id, changed_by: changedBy() };
    const made = await addMoments(postgres, target, moments);
    if (values.list) await print(listOf(its.id, prize_id, moments));
    await print(
      [
        `${made.count} winning moments of ${prize_id} in the campaign ${its.id}: saved.`,
        `  sha256  ${made.sha256}`,
        `  when    ${made.created_at}`,
        `  by      ${made.created_by}`,
        "Keep these lines, and publish the sha256 before the campaign begins.",
      ].join("\n"),
    );
  });
}

function parseCount(given: string | undefined): number {
  const isCount = /^[1-9]\d{0,5}$/.test(given ?? "");
  if (isCount && Number(given) <= MOST_MOMENTS) return Number(given);
  throw new UsageError(
    `--count: must be a whole number from 1 to ${MOST_MOMENTS}.`,
  );
}

function parseHours(given: string): { from: number; to: number } {
  const [, from, to] = /^(\d{1,2})-(\d{1,2})$/.exec(given) ?? [];
  const hours = { from: Number(from), to: Number(to) };
  if (from && to && hours.from < hours.to && hours.to <= 24) return hours;
  throw new UsageError("--hours: must be two hours of a day such as 9-21.");
}

/** Milliseconds since the epoch; of a day its begin, or its end. */
function parseMoment(
  option: string,
  given: string | undefined,
  timeZone: string,
  isEnd: boolean,
): number {
  const isDay = /^[12]\d{3}-\d\d-\d\d$/.test(given ?? "");
  const isMoment = /^[12]\d{3}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(
    given ?? "",
  );
  const [date = ""] = (given ?? "").split("T");
  const exists = new Date(`${date}T00:00Z`).toJSON()?.startsWith(date);
  const at = Date.parse(given ?? "");
  if (!(isDay || isMoment) || !exists || Number.isNaN(at)) {
    throw new UsageError(
      `${option}: must be a day such as 2026-12-01, or a moment such as 2026-12-24T18:00:00+08:00.`,
    );
  }
  if (isMoment) return at;
  const clock = createClock(timeZone, async () => Date.now());
  const time = isEnd ? "24:00:00" : "00:00:00";
  return clock.momentOf(date, time);
}

async function list(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { campaign, "as-list": { type: "boolean", default: false } },
  });
  await withDatabase(async (postgres) => {
    const lines = [["MOMENT", "PRIZE", "CLAIMED BY", "MADE BY"]];
    let after = { at: "-infinity", id: "0" };
    for (;;) {
      const page = await readMoments(
        postgres,
        values.campaign,
        after,
        PAGE_SIZE,
      );
      for (const it of page) {
        const at = it.at.toISOString();
        lines.push([at, it.prize_id, it.result_id ?? "", it.created_by]);
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE_SIZE) break;
      after = { at: last.at.toISOString(), id: last.id };
    }
    const asList = lines
      .slice(1)
      .map(([at, prize]) => `${values.campaign} ${prize} ${at}\n`);
    await print(values["as-list"] ? asList.join("") : table(lines));
  });
}
