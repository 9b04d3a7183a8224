import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { print } from "./report.js";
import { isClean, torture } from "./torture.js";

/** `npm run torture [-- --seed N --seconds N]`: the promises under attack, and the evidence. */
const { values } = parseArgs({
  options: { seed: { type: "string" }, seconds: { type: "string" } },
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const seconds = Number(values.seconds ?? 300);

console.log(`seed ${seed}, ${seconds} s of faults`);
const report = await torture(seed, seconds, console.log);
print(report);
process.exit(isClean(report) ? 0 : 1);
