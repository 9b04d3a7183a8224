import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { startPair } from "./services.js";

/** These take all of the machine, so they run alone, after the others. */
const ALONE = ["faults", "overload", "torture"].map(
  (name) => `test/${name}.test.ts`,
);

/** `npm test [-- FILE …]`: brings up one pair of stores for the whole run, runs tap on it, and ends the pair. */
const began = performance.now();
const pair = await startPair();
console.log(`# stores: ${pair.kind}`);

const given = process.argv.slice(2);
let code = 0;
for (const args of given.length > 0 ? [given] : await passes()) {
  code = (await tap(args)) || code;
}
await pair.close();
const seconds = Math.round((performance.now() - began) / 1000);
console.log(`# stores: ${pair.kind}, ${seconds} s`);
process.exit(code);

/** All files, in two runs of tap. */
async function passes(): Promise<string[][]> {
  const folder = await readdir("test");
  const files = folder
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name}`);
  const together = files.filter((file) => !ALONE.includes(file));
  return [together, ["--jobs", "1", ...ALONE]];
}

async function tap(args: string[]): Promise<number> {
  const running = spawn("npx", ["tap", ...args], {
    stdio: "inherit",
    env: {
      ...process.env,
      DATABASE_URL: pair.databaseUrl,
      REDIS_URL: pair.redisUrl,
      TEST_STORES: pair.kind,
    },
  });
  const stop = (signal: NodeJS.Signals) => running.kill(signal);
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const [code] = (await once(running, "exit")) as [number | null];
  process.off("SIGINT", stop);
  process.off("SIGTERM", stop);
  return code ?? 1;
}
