import { pino } from "pino";
import { readConfig } from "../config.js";
import { SetupError } from "../errors.js";
import { createServer } from "../server.js";

// Prints the OpenAPI document of these settings. Needs no store: nothing connects before `open`.
try {
  const config = await readConfig(process.env);
  const server = createServer(config, {
    databaseUrl: config.DATABASE_URL ?? "postgres://127.0.0.1/none",
    redisUrl: config.REDIS_URL ?? "redis://127.0.0.1",
    log: pino({ level: "silent" }),
  });
  const { payload } = await server.app.inject("/docs/json");
  console.log(JSON.stringify(JSON.parse(payload), null, 2));
  await server.close();
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}
