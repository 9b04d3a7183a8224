import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { playHistories } from "./histories.js";
import { text } from "./report.js";
import { tortureShards } from "./shards/torture.js";
import { isClean, torture } from "./torture.js";

/**
 * `npm run torture [-- --seed N --seconds N]`: the promises under attack, and the evidence, in under ten minutes. First
 * faults of every kind on three servers under load, then the tests that attack in other ways, for longer than in
 * `npm test`. The seed chooses the faults, their order, targets and lengths, what the clients do, and the histories.
 * `--shards [--minutes N]`: campaigns on shards of a real cluster. `--histories N`: so many histories of many shards.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seconds: { type: "string" },
    shards: { type: "boolean", default: false },
    minutes: { type: "string", default: "4" },
    histories: { type: "string" },
  },
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const seconds = Number(values.seconds ?? 210);

const LONGER = {
  MODEL_SEED: String(seed),
  MODEL_HISTORIES: "120",
  FUZZ_SEED: String(seed),
  FUZZ_SECONDS: "30",
  OVERLOAD_SECONDS: "30",
};

const FILES = [
  "test/model/model.test.ts",
  "test/http/hostile/hostile.test.ts",
  "test/stores/failover.test.ts",
  "test/overload/overload.test.ts",
];

/** Comments, failures and the end of each file and test. */
const SAYS = /^ *(# (?!Subtest|time|No cov)|not ok)|^( {4})?ok .*time=/;

if (values.histories !== undefined) {
  const first = Number(values.seed ?? 1);
  const count = Number(values.histories);
  const failed = await playHistories(first, count, console.log);
  process.exit(failed.length === 0 ? 0 : 1);
}
if (values.shards) {
  const seconds = 60 * Number(values.minutes);
  console.log(`seed ${seed}, ${seconds} s of faults of a cluster`);
  const report = await tortureShards(seed, seconds, console.log);
  console.log(text(report));
  process.exit(isClean(report) ? 0 : 1);
}
console.log(`seed ${seed}, ${seconds} s of faults`);
process.env.TEST_STORES ??= "embedded";
const report = await torture(seed, seconds, console.log);
console.log(text(report));

console.log(`\nThen ${FILES.join(" ")}\n`);
const passed = await runTests();
console.log(
  `\nseed ${seed}: ${isClean(report) && passed ? "every promise held" : "A PROMISE WAS BROKEN"}`,
);
process.exit(isClean(report) && passed ? 0 : 1);

/** One file at a time, since they measure. Shows what they say and what fails. */
async function runTests(): Promise<boolean> {
  const args = ["--import", "tsx", "test/run.ts", "--jobs", "1", ...FILES];
  const tests = spawn(process.execPath, args, {
    env: { ...process.env, ...LONGER },
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface(tests.stdout).on("line", (line) => {
    if (SAYS.test(line)) console.log(line);
  });
  const [code] = await once(tests, "exit");
  return code === 0;
}
