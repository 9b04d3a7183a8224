import { parseArgs } from "node:util";
import { disk } from "./disk.js";
import { growth } from "./growth.js";
import { inserts } from "./inserts.js";
import { latency } from "./latency.js";
import { loss } from "./loss.js";
import { memory } from "./memory.js";
import { processes } from "./processes.js";
import { proof } from "./proof.js";
import { redeem } from "./redeem.js";
import { redis } from "./redis.js";
import { rush } from "./rush.js";
import { shards } from "./shards/shards.js";
import { sizing } from "./sizing.js";
import type { Question } from "./support/question.js";
import { ask } from "./support/report.js";
import { throughput } from "./throughput.js";
import { visit } from "./visit.js";

/** `npm run bench [-- --quick] [QUESTION…]`: asks all questions, or those named. README.md says what each one asks. */
const QUESTIONS: Record<string, Question> = {
  throughput,
  visit,
  rush,
  redeem,
  latency,
  processes,
  redis,
  shards,
  memory,
  inserts,
  growth,
  loss,
  disk,
  proof,
  sizing,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false } },
});
const names = positionals.length > 0 ? positionals : Object.keys(QUESTIONS);
const unknown = names.filter((name) => !(name in QUESTIONS));
if (unknown.length > 0) {
  console.error(
    `There is no question ${unknown.join(", ")}. There are ${Object.keys(QUESTIONS).join(", ")}.`,
  );
  process.exit(2);
}

for (const name of names) {
  const clean = await ask(name, QUESTIONS[name] as Question, values.quick);
  if (!clean) process.exitCode = 1;
}
// What the questions started is closed; keep-alive agents of theirs need not be waited for.
process.exit();
