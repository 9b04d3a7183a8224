import { parseArgs } from "node:util";
import {
  type CampaignRow,
  changeCampaign,
  copyCampaign,
  readCampaignTable,
} from "../admin/campaigns/change-campaign.js";
import { print, runCommands, UsageError, withDatabase } from "./program.js";
import { table } from "./table.js";
import { changedBy } from "./user-name.js";

const HELP = `npm run -s campaigns -- COMMAND

  list                 all campaigns with their rules
  set ID [--title T] [--time-zone ZONE|none] [--starts-at MOMENT|none] [--ends-at MOMENT|none] [--draws-per-day N]
         [--wins-per-user N|none] [--claim-days N|none] [--shards N] [--frozen true|false] [--active true|false]
         [--verifiable true|false] [--proof-names sealed|open]
                       changes what is given of a campaign; with --new makes it (a title is needed)
  copy FROM TO         makes a campaign of the rules and prizes of another: inactive, without dates, moments and results

A moment has an offset: 2026-12-24T18:00:00+08:00, or Z. A change is in force on every running server within two seconds, and is
kept in the history. --frozen true can't be taken back once the campaign has begun. --verifiable true: anybody can check the
draws, from the next day on, or today where nobody has drawn yet.
The database is DATABASE_URL's, from the environment or .env, or that of an npm start that runs in this folder.
Exit code: 0 done, 1 failed, 2 called wrongly.`;

const COMMANDS = {
  list,
  set,
  copy,
};

const HEAD = [
  "ID",
  "TITLE",
  "ZONE",
  "STARTS",
  "ENDS",
  "DRAWS A DAY",
  "WINS A USER",
  "CLAIM DAYS",
  "SHARDS",
  "PROOF",
  "FROZEN",
  "ACTIVE",
];

const text = { type: "string" } as const;

const MOST: Record<string, number> = {
  "draws-per-day": 100,
  "wins-per-user": 2_147_483_647,
  "claim-days": 3_650,
  shards: 64,
};

const NEEDS_KEY =
  "PROOF_KEY is not set here: make sure that it is at every server, or they draw nothing in it, and do not start again.";

const FLAGS = ["frozen", "active", "verifiable"];

const OPTIONAL = [
  "time-zone",
  "starts-at",
  "ends-at",
  "wins-per-user",
  "claim-days",
];

await runCommands(HELP, COMMANDS);

async function list(args: string[]): Promise<void> {
  parseArgs({ args });
  await withDatabase(async (postgres, config) => {
    const { campaigns } = await readCampaignTable(postgres);
    const moment = (text: string | null) =>
      text === null ? "" : new Date(text).toISOString();
    const row = (it: CampaignRow) => [
      it.id,
      it.title,
      it.time_zone ?? config.TIME_ZONE,
      moment(it.starts_at),
      moment(it.ends_at),
      String(it.draws_per_day),
      String(it.wins_per_user ?? ""),
      String(it.claim_days ?? config.CLAIM_DAYS ?? ""),
      String(it.shards),
      it.verifiable ? `${it.proof_names} names` : "",
      it.frozen ? "yes" : "",
      it.active ? "yes" : "no",
    ];
    await print(table([HEAD, ...campaigns.map(row)]));
  });
}

async function set(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      title: text,
      "time-zone": text,
      "starts-at": text,
      "ends-at": text,
      "draws-per-day": text,
      "wins-per-user": text,
      "claim-days": text,
      shards: text,
      frozen: text,
      active: text,
      verifiable: text,
      "proof-names": text,
      new: { type: "boolean", default: false },
    },
  });
  const [id, ...more] = positionals;
  if (!id || more.length > 0) throw new UsageError("set: name one campaign.");
  const { new: isNew, ...given } = values;
  const fields = Object.entries(given).map(([option, value]) => [
    option.replaceAll("-", "_"),
    parseValue(option, value),
  ]);
  if (fields.length === 0) {
    throw new UsageError("set: name something to change.");
  }
  if (isNew && given.title === undefined) {
    throw new UsageError("set: --title: is missing.");
  }
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(id)) {
    throw new UsageError(
      "set: the id must have 1 to 32 lower-case letters, digits and dashes, no dash in front.",
    );
  }
  await withDatabase(async (postgres, config) => {
    await changeCampaign(postgres, {
      mode: isNew ? "create" : "change",
      campaign: { id, ...Object.fromEntries(fields) },
      expected: null,
      changed_by: changedBy(),
      preview: false,
    });
    await print(`${id}: saved.`);
    const { PROOF_KEY } = config;
    if (given.verifiable === "true" && !PROOF_KEY) await print(NEEDS_KEY);
  });
}

/** The value of an option. Throws a UsageError that names it. */
function parseValue(option: string, value: string) {
  const most = MOST[option];
  const isOptional = OPTIONAL.includes(option);
  if (isOptional && value === "none") return null;
  if (most !== undefined) {
    if (/^[1-9]\d{0,9}$/.test(value) && Number(value) <= most) {
      return Number(value);
    }
    throw new UsageError(
      `--${option}: must be a whole number from 1 to ${most}${isOptional ? ", or none" : ""}.`,
    );
  }
  if (option === "proof-names") {
    if (value === "sealed" || value === "open") return value;
    throw new UsageError("--proof-names: must be sealed or open.");
  }
  if (FLAGS.includes(option)) {
    if (value === "true" || value === "false") return value === "true";
    throw new UsageError(`--${option}: must be true or false.`);
  }
  const isMoment = option.endsWith("-at");
  if (isMoment && !/T.*(Z|[+-]\d\d:\d\d)$/.test(value)) {
    throw new UsageError(
      `--${option}: must be a moment such as 2026-12-24T18:00:00+08:00, or none.`,
    );
  }
  if (option === "title" && (value.trim() === "" || value.length > 200)) {
    throw new UsageError("--title: must have 1 to 200 characters.");
  }
  return value;
}

async function copy(args: string[]): Promise<void> {
  const [from, to, ...more] = parseArgs({
    args,
    allowPositionals: true,
  }).positionals;
  if (!from || !to || more.length > 0) {
    throw new UsageError("copy: name two campaigns.");
  }
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(to)) {
    throw new UsageError(
      "copy: the id must have 1 to 32 lower-case letters, digits and dashes, no dash in front.",
    );
  }
  await withDatabase(async (postgres) => {
    await copyCampaign(postgres, { from, to, changed_by: changedBy() });
    await print(
      `${to}: made of ${from}, inactive. Give it dates and --active true.`,
    );
  });
}
