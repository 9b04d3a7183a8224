import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { inParallel } from "../support/in-parallel.js";
import { startPair } from "../support/stores.js";
import { type Copy, copyProject, mutated } from "./copy.js";
import type { Mutant } from "./mutant.js";
import { type Ran, runTest } from "./run.js";
import { mutants } from "./table.js";

/**
 * `npm run mutants [-- [--few] [--list] [--jobs N] WORD…]`: makes each mistake of the table (with words: those whose
 * name, file or test contains one) in a copy of the project and checks that its test fails. Exits 1 if one survives.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    few: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
  },
});

const chosen = mutants.filter(
  (mutant) =>
    (!values.few || mutant.few) &&
    (positionals.length === 0 ||
      positionals.some((word) =>
        [mutant.name, mutant.file, mutant.test].some((it) => it.includes(word)),
      )),
);
if (values.list) {
  for (const { name, file, test } of chosen) {
    console.log(`${file}: ${name} (${test})`);
  }
  process.exit(0);
}
const stale = await staleOf(chosen);
for (const reason of stale) console.error(reason);
if (stale.length > 0 || chosen.length === 0) {
  console.error(
    stale.length > 0 ? "stale entries: mend them" : "no such mutant",
  );
  process.exit(1);
}

const pairs = [await startPair()];
// Stores that were given are one pair.
const jobs = pairs[0]?.kind === "given" ? 1 : Number(values.jobs) || 1;
while (pairs.length < jobs) pairs.push(await startPair());
const free = [...pairs];
const close = () => Promise.all(pairs.map((pair) => pair.close()));
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    close().finally(() => process.exit(1));
  });
}
const began = performance.now();

// A test that fails by itself kills nothing.
const tests = new Map(chosen.map((mutant) => [keyOf(mutant), mutant]));
const unfit: string[] = [];
const sound = await copyProject();
await inParallel([...tests.values()], jobs, async (mutant) => {
  const ran = await runOn(sound, mutant);
  if (stopping) return;
  say(`${ran.end === "passed" ? "sound" : "UNFIT"}`, keyOf(mutant), ran);
  if (ran.end !== "passed") unfit.push(keyOf(mutant));
});
await sound.remove();

const ends = new Map<Mutant, Ran>();
await inParallel(chosen, jobs, async (mutant) => {
  if (stopping || unfit.includes(keyOf(mutant))) return;
  const copy = await copyProject(mutant);
  const ran = await runOn(copy, mutant);
  await copy.remove();
  if (stopping) return;
  ends.set(mutant, ran);
  const word = { failed: "killed", passed: "SURVIVED", broken: "BROKEN" };
  say(`${ends.size}/${chosen.length} ${word[ran.end]}`, mutant.name, ran);
});
await close();

report("killed", "failed");
report("survived", "passed");
report("broken: the code does not run at all", "broken");
if (unfit.length > 0) {
  console.log(`\nfail without any mistake (${unfit.length}):`);
  for (const test of unfit) console.log(`  ${test}`);
}
const killed = chosen.filter((mutant) => ends.get(mutant)?.end === "failed");
const seconds = Math.round((performance.now() - began) / 1_000);
console.log(`\n${killed.length} of ${chosen.length} killed, ${seconds} s`);
process.exit(killed.length === chosen.length ? 0 : 1);

/** Runs a test on a pair that no other one uses. What a test that was ended has left in Redis goes. */
async function runOn(copy: Copy, mutant: Mutant): Promise<Ran> {
  const pair = free.pop();
  if (!pair) throw new Error("more tests than stores");
  const ran = await runTest(copy, mutant, pair);
  if (pair.kind !== "given") await empty(pair.redisUrl);
  free.push(pair);
  return ran;
}

async function empty(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, { protocol: 2 });
  await redis.flushall();
  redis.disconnect();
}

async function staleOf(all: Mutant[]): Promise<string[]> {
  const tried = await Promise.allSettled(all.map(mutated));
  const names = all.map(({ name }) => name);
  return [
    ...tried.flatMap((it) =>
      it.status === "rejected" ? it.reason.message : [],
    ),
    ...names
      .filter((name, n) => names.indexOf(name) !== n)
      .map((name) => `${name}: stands twice in the table`),
  ];
}

function keyOf({ test, only }: Mutant): string {
  return only ? `${test}: ${only}` : test;
}

function say(what: string, name: string, ran: Ran): void {
  console.log(`${what}: ${name} (${ran.seconds.toFixed(1)} s)`);
  const expected = /killed|sound/.test(what);
  if (!expected) console.log(ran.output.split("\n").slice(-40).join("\n"));
}

function report(title: string, end: Ran["end"]): void {
  const its = chosen.filter((mutant) => ends.get(mutant)?.end === end);
  console.log(`\n${title} (${its.length}):`);
  for (const { name, file } of its) console.log(`  ${file}: ${name}`);
}
