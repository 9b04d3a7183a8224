import { pino } from "pino";
import { systemRandom } from "../../src/random.js";
import { createServer, type Server } from "../../src/server.js";
import { TIME_ZONE } from "./model.js";

// A server process whose time and chance the test sets, by messages. It listens and runs its scheduler as main.ts does.

export type Opening = {
  databaseUrl: string;
  redisUrl: string;
  now: number;
  /** how wrong this machine's clock is, in milliseconds */
  ahead: number;
};

let server: Server;
let now = 0;
let roll = 0;

const orders = {
  open: async (opening: Opening) => {
    const { databaseUrl, redisUrl, ahead } = opening;
    now = opening.now;
    server = createServer(
      { TIME_ZONE, DEFAULT_COUNTRY: "HK" },
      {
        databaseUrl,
        redisUrl,
        log: pino({ level: "silent" }),
        localTime: () => now + ahead,
        sharedTime: async () => now,
        random: { ...systemRandom, roll: () => roll },
      },
    );
    await server.open();
    return server.listen("127.0.0.1", 0);
  },
  now: async (moment: number) => {
    now = moment;
  },
  roll: async (number: number) => {
    roll = number;
  },
  /** One round of what every second brings. */
  tick: () => server.scheduler.tick(),
  reload: () => server.prizes.reload(),
  /** The days whose winners are not all back. */
  restoring: async () => server.prizes.restoring(),
  /** Finishes every win in the outbox, however young. */
  sweep: () => server.sweep(0),
  idle: () => server.settlements.idle(),
};

export type Orders = typeof orders;

export type Order = { id: number; order: keyof Orders; value: unknown };

export type Report = { id: number; value?: unknown; error?: string };

process.on("message", async ({ id, order, value }: Order) => {
  const carryOut = orders[order] as (value: unknown) => Promise<unknown>;
  const report: Report = await carryOut(value).then(
    (value) => ({ id, value }),
    (error: Error) => ({ id, error: `${error.cause ?? error}` }),
  );
  process.send?.(report);
});
process.on("disconnect", () => process.exit(0));
