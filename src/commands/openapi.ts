import { parseArgs } from "node:util";
import { pino } from "pino";
import { createServer } from "../server.js";
import { readConfig } from "../settings/config.js";
import { print, runProgram } from "./program.js";

const HELP = `npm run -s openapi

Prints the API's document of these settings, OpenAPI 3.1 as JSON. What is off is not in it. Needs no store.

Exit code: 0, or 1 where a setting is wrong (all mistakes are told at once), or 2 for a wrong command line.`;

await runProgram(HELP, async (args) => {
  parseArgs({ args });
  const config = await readConfig(process.env);
  // Nothing connects before `open`.
  const server = createServer(config, {
    databaseUrl: config.DATABASE_URL ?? "postgres://127.0.0.1/none",
    redisUrl: config.REDIS_URL ?? "redis://127.0.0.1",
    log: pino({ level: "silent" }),
  });
  const { payload } = await server.app.inject("/docs/json");
  await print(JSON.stringify(JSON.parse(payload), null, 2));
  await server.close();
  return 0;
});
