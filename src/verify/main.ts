import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Checked, compareDays } from "./day/compare-days.js";
import { comparePrevious } from "./day/compare-previous.js";
import { createProgress } from "./progress.js";
import {
  createReport,
  type Finding,
  many,
  sentenceOf,
  Unreadable,
  visible,
} from "./report.js";
import { daysAt } from "./source.js";
import { type Asked, verifyDay } from "./verify-day.js";

const HELP = `npm run -s verify -- DIR|URL [--key VKEY] [--names-key HEX] [--users FILE] [--receipt FILE]…

  DIR           the files of a day, or a folder of such folders
  URL           of a day: https://HOST/proof/CAMPAIGN/DAY/
  --key         the key that must have signed, as key.txt has it: NAME+ID+BASE64. Else that of key.txt is believed
  --names-key   the auditor's key of sealed names, in hex; names_key.txt in DIR goes without it
  --users       a file, a user a line: all who may have drawn
  --receipt     a file with the receipt of a draw, or with the answer that had it; as many as you like

Exit code: 0 all that can be checked held, 1 something is wrong, 2 called wrongly, or the files can't be read.`;

const MARKS = {
  held: "ok     ",
  wrong: "WRONG  ",
  waits: "waits  ",
  unknown: "unknown",
};

process.exitCode = await run(process.argv.slice(2)).catch((error: Error) => {
  const isUsage = String((error as NodeJS.ErrnoException).code).startsWith(
    "ERR_PARSE_ARGS",
  );
  if (!isUsage && !(error instanceof Unreadable)) throw error;
  console.error(isUsage ? `${error.message}\n\n${HELP}` : error.message);
  return 2;
});

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      key: { type: "string" },
      "names-key": { type: "string" },
      users: { type: "string" },
      receipt: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [place, ...more] = positionals;
  if (!place || more.length > 0) {
    console.error(`Name one folder or URL.\n\n${HELP}`);
    return 2;
  }
  const asked: Asked = {
    key: values.key,
    namesKey: values["names-key"],
    users: values.users,
    receipts: await Promise.all(values.receipt.map(readReceipt)),
  };
  const wrong: string[] = [];
  const checked: Checked[] = [];
  const sources = await daysAt(place);
  if (sources.length > 1) asked.unplaced = new Set(values.receipt);
  for (const source of sources) {
    const report = createReport();
    const progress = createProgress(process.stderr, () => performance.now());
    const day = await verifyDay(source, asked, report, progress.onProgress);
    progress.end();
    if (day) {
      comparePrevious(day, checked, report);
      compareDays(day, checked, report);
      checked.push(day);
    }
    tell(source.name, day, report.findings);
    wrong.push(
      ...report.findings.filter(({ kind }) => kind === "wrong").map(sentenceOf),
    );
  }
  for (const file of asked.unplaced ?? []) {
    const text = visible(`${file}: this receipt is of none of these days`);
    console.log(`  ${MARKS.wrong}  ${text}\n`);
    wrong.push(text);
  }
  const [first] = wrong;
  console.log(
    first === undefined
      ? "Everything that can be checked by now held."
      : `Wrong in ${many(wrong.length, "place")}. The first: ${first}`,
  );
  return first === undefined ? 0 : 1;
}

function tell(
  name: string,
  day: Checked | undefined,
  findings: Finding[],
): void {
  const title = day
    ? `${day.seal.campaign}, ${day.seal.day} in ${day.seal.time_zone}, ${many(day.seal.shards, "shard")}${day.close ? "" : ", not closed yet"}`
    : name;
  console.log(visible(title));
  for (const kind of ["held", "wrong", "waits", "unknown"] as const) {
    for (const finding of findings) {
      if (finding.kind === kind)
        console.log(`  ${MARKS[kind]}  ${sentenceOf(finding)}`);
    }
  }
  console.log("");
}

async function readReceipt(file: string) {
  const json = await readFile(file, "utf8").catch((error: Error) => {
    throw new Unreadable(`--receipt: ${error.message}`);
  });
  return { file, json };
}
