import { spawn } from "node:child_process";
import { once } from "node:events";
import { startPair } from "./services.js";

/** `npm test [-- FILE …]`: brings up one pair of stores for the whole run, runs tap on it, and ends the pair. */
const began = performance.now();
const pair = await startPair();
console.log(`# stores: ${pair.kind}`);

const tap = spawn("npx", ["tap", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: {
    ...process.env,
    DATABASE_URL: pair.databaseUrl,
    REDIS_URL: pair.redisUrl,
    TEST_STORES: pair.kind,
  },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => tap.kill(signal));
}
const [code] = await once(tap, "exit");
await pair.close();
const seconds = Math.round((performance.now() - began) / 1000);
console.log(`# stores: ${pair.kind}, ${seconds} s`);
process.exit(code ?? 1);
