import type { Mutant } from "./mutant.js";

const DAYS = "test/pages/verify-days.test.ts";
const BROWSER = "test/pages/verify.test.ts";
const RECEIPTS = "test/pages/verify-receipts.test.ts";
const NOTE = "src/pages/verify/hashes/note.js";
const CHECKPOINTS = "src/pages/verify/check/checkpoints.js";
const READ_LOG = "src/pages/verify/check/read-log.js";
const PEOPLE = "src/pages/verify/rules/people.js";

/** The page that checks: mostly without a browser, since its scripts run in Node, too. */
export const pages: Mutant[] = [
  {
    name: "the page takes any signature by the key's name",
    file: NOTE,
    find: 'return isSigned ? "held" : "wrong";',
    replace: 'return "held";',
    test: DAYS,
    only: "found: a forged checkpoint",
  },
  {
    name: "the page takes a note that its key did not sign",
    file: NOTE,
    find: '  }\n  return "wrong";',
    replace: '  }\n  return "unknown";',
    test: DAYS,
    only: "found: a checkpoint by another key",
  },
  {
    name: "the page compares the log with the close's root alone",
    file: READ_LOG,
    find: "        compare();\n        read();",
    replace: "        read();",
    test: DAYS,
    only: "found: a history that was written anew",
  },
  {
    name: "the page does not compare the close's root",
    file: READ_LOG,
    find: "else if (isClosed && closed?.root",
    replace: "else if (!isClosed && closed?.root",
    test: DAYS,
    only: "found: another root",
  },
  {
    name: "the page lets sizes of checkpoints fall",
    file: CHECKPOINTS,
    find: "if (size < largest ||",
    replace: "if (",
    test: DAYS,
    only: "found: checkpoints whose sizes",
  },
  {
    name: "the page takes moments for those that were sealed, whatever their hash",
    file: "src/pages/verify/check/files.js",
    find: "if (right !== hash) sets.delete(hash);",
    replace: "",
    test: BROWSER,
    only: "found: other moments",
  },
  {
    name: "the page lets a draw win twice behind a loss",
    file: PEOPLE,
    find: "wins > 1)",
    replace: "wins > 2)",
    test: DAYS,
    only: "found: a person wins twice",
  },
  {
    name: "the page lets two shards win one unit",
    file: PEOPLE,
    find: "count > 1)",
    replace: "count > 2)",
    test: DAYS,
    only: "found: one unit on two shards",
  },
  {
    name: "the page counts no draws between two tables",
    file: "src/pages/verify/rules/replay-table.js",
    find: "if (table.draws.today !== draws) {",
    replace: "if (false) {",
    test: DAYS,
    only: "found: a loser dropped",
  },
  {
    name: "the page takes wins back that nobody lost",
    file: "src/pages/verify/rules/shard.js",
    find: "if (state.gaps === 0) {\n      wrong",
    replace: "if (false) {\n      wrong",
    test: DAYS,
    only: "found: an outcome that is none",
  },
  {
    name: "the page releases rounded up",
    file: "src/pages/verify/rules/pool.js",
    find: "Math.floor(((quota % length)",
    replace: "Math.ceil(((quota % length)",
    test: DAYS,
    only: 'a right day holds: {"seed":1}',
  },
  {
    name: "the page does not compare rolls",
    file: "src/pages/verify/rules/replay-draw.js",
    find: "right !== undefined && right !== draw.roll",
    replace: "right === undefined",
    test: BROWSER,
    only: "found: a roll",
  },
  {
    name: "the page takes any secret for the sealed one",
    file: "src/pages/verify/check/open-day.js",
    find: "if (close && seedHashOf(close.seed) === seal.seed_hash) {",
    replace: "if (close) {",
    test: BROWSER,
    only: "found: another secret",
  },
  {
    name: "the page takes a receipt for logged whose line is another one",
    file: "src/pages/verify/check/logged.js",
    find: "if (data.line === line) steps",
    replace: "if (data.line) steps",
    test: RECEIPTS,
    only: "found: another line in its place",
  },
  {
    name: "the page does not follow a receipt's path in the log",
    file: "src/pages/verify/check/logged.js",
    find: "rootOf(data, size) !== root",
    replace: "!rootOf(data, size)",
    test: RECEIPTS,
    only: "found: a checkpoint that does not",
  },
];
