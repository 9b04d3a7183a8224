import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { startPair } from "./support/stores.js";

/** These take all of the machine, so they run alone, after the others. */
const ALONE = [
  "test/faults.test.ts",
  "test/overload/overload.test.ts",
  "test/torture/torture.test.ts",
];

/** `npm test [-- FILE …]`: brings up one pair of stores for the whole run, runs tap on it, and ends the pair. */
const began = performance.now();
const pair = await startPair();
console.log(`# stores: ${pair.kind}`);

// A run that was told to stop begins nothing more, but closes its stores.
let stopped: NodeJS.Signals | undefined;
let running: ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stopped ??= signal;
    running?.kill(signal);
  });
}

const given = process.argv.slice(2);
let code = 0;
for (const args of given.length > 0 ? [given] : await passes()) {
  if (stopped) break;
  code = (await tap(args)) || code;
}
if (stopped) {
  console.log(`# stopped by ${stopped}`);
  code ||= 1;
}
await pair.close();
const seconds = Math.round((performance.now() - began) / 1000);
console.log(`# stores: ${pair.kind}, ${seconds} s`);
process.exit(code);

/** All files but those of the pages, in two runs of tap. */
async function passes(): Promise<string[][]> {
  const names = await readdir("test", { recursive: true });
  const files = names
    .filter((name) => name.endsWith(".test.ts") && !name.startsWith("pages/"))
    .map((name) => `test/${name}`)
    .sort();
  const together = files.filter((file) => !ALONE.includes(file));
  return [together, ["--jobs", "1", ...ALONE]];
}

async function tap(args: string[]): Promise<number> {
  running = spawn("npx", ["tap", ...args], {
    stdio: "inherit",
    env: {
      ...process.env,
      DATABASE_URL: pair.databaseUrl,
      REDIS_URL: pair.redisUrl,
      TEST_STORES: pair.kind,
    },
  });
  const [code] = (await once(running, "exit")) as [number | null];
  return code ?? 1;
}
