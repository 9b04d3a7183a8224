import type { CountryCode } from "libphonenumber-js";
import type { Logger } from "pino";
import { buildApp } from "./app.js";
import { createClock } from "./clock.js";
import { createEngine } from "./engine/engine.js";
import { createGate } from "./engine/gate.js";
import { watchLateness } from "./engine/lateness.js";
import { createSweep } from "./engine/sweep.js";
import { SetupError } from "./errors.js";
import {
  countDraws,
  measureInserts,
  measureScripts,
} from "./observe/instrument.js";
import { createMetrics } from "./observe/metrics.js";
import { createSettlements } from "./outbox/settle.js";
import { createUntold } from "./outbox/untold.js";
import { createPrizes } from "./prizes/reload.js";
import { createRestoring } from "./prizes/restoring.js";
import { type Random, systemRandom } from "./random.js";
import { createRedemptions } from "./results/redeem.js";
import { createResults } from "./results/results.js";
import { createScheduler } from "./scheduler.js";
import type { Settings } from "./services.js";
import { certificateProblem } from "./stores/certificates.js";
import { migrate } from "./stores/migrate.js";
import { createPostgres, isAway } from "./stores/postgres.js";
import { createRedis, type Redis, redisTime } from "./stores/redis.js";

export type ServerOptions = {
  databaseUrl: string;
  redisUrl: string;
  /** Where requests are counted. Default: `redisUrl`. */
  limitsUrl?: string;
  log: Logger;
  /** Fill an empty `prize` with the sample prizes. */
  samplePrizes?: boolean;
  /** Time and chance. Default: this machine's clock, Redis's clock, the operating system's generator. */
  localTime?: () => number;
  sharedTime?: () => Promise<number>;
  random?: Random;
};

export type Server = ReturnType<typeof createServer>;

/** The time between two attempts to reach Postgres for the migrations. */
const MIGRATION_RETRY_MS = 500;

/** How long a stop waits for callers that don't finish their requests. */
const GRACE_MS = 3_000;

/** How long a request waits to be counted for its rate limit. */
const COUNT_TIMEOUT_MS = 200;

/**
 * How many connections may wait to be accepted, as far as the system allows (4,096 by default). With Node's 511, a
 * crowd's later callers are turned away for seconds.
 */
const BACKLOG = 16_384;

/** A whole server: stores, engine, HTTP front and scheduler. It owns what it opens; `close` closes all of it. */
export function createServer(settings: Settings, options: ServerOptions) {
  const { databaseUrl, redisUrl, log, samplePrizes = false } = options;
  const metrics = settings.METRICS === "on" ? createMetrics() : undefined;
  const redis = measureScripts(createRedis(redisUrl), metrics);
  const postgres = createPostgres(databaseUrl);
  const sharedTime = options.sharedTime ?? (() => redisTime(redis));
  const clock = createClock(settings.TIME_ZONE, sharedTime, options.localTime);
  const warn = log.warn.bind(log);
  const watch = (reload: Promise<unknown>) =>
    metrics?.reloading(reload, prizes.problem);
  const timeZone = settings.TIME_ZONE;
  const stores = { redis, postgres, clock };
  const prizes = createPrizes({ ...stores, timeZone }, warn, watch);
  const results = createResults(measureInserts(postgres, metrics));
  const settlements = createSettlements(redis, clock);
  const random = options.random ?? systemRandom;
  const engine = countDraws(
    createEngine({ ...stores, prizes, results, settlements }, random, warn),
    metrics,
  );
  const country = settings.DEFAULT_COUNTRY as CountryCode;
  const redemptions = createRedemptions(postgres);
  const parts = { redis, postgres, clock, prizes, engine, settlements };
  const lateness = watchLateness();
  const gate = createGate(results, lateness);
  const isLimited =
    settings.RATE_LIMIT_USER !== undefined ||
    settings.RATE_LIMIT_ADDRESS !== undefined;
  const limits = isLimited
    ? createRedis(options.limitsUrl ?? redisUrl, COUNT_TIMEOUT_MS)
    : undefined;
  const shared = {
    country,
    redemptions,
    gate,
    lateness,
    metrics,
    settings,
    limits,
  };
  const services = { ...parts, ...shared };
  const app = buildApp(services, log);
  const restoring = createRestoring(redis, postgres, clock, prizes);
  const sweep = createSweep({ ...parts, results, warn });
  const untold = createUntold(redis, clock, settings.CLAIM_DAYS);
  const duties = { clock, prizes, settlements, restoring, sweep, untold };
  const scheduler = createScheduler(timeZone, duties, log);
  let closing = false;

  tellAbsence(redis, log, "Redis is away");
  if (limits) {
    tellAbsence(limits, log, "the limits' Redis is away: nobody is limited");
  }
  redis.on("close", prizes.markStale);
  redis.on("ready", () => {
    prizes.reload().catch((err: unknown) => log.debug({ err }, "reload"));
  });

  /**
   * Connects, migrates and loads the prizes, waiting for stores that are away. Rejects where waiting can't help: a
   * wrong password, a missing database or permission, a migration that fails.
   */
  async function open(): Promise<void> {
    redis.connect().catch(() => {}); // goes on trying by itself
    limits?.connect().catch(() => {});
    let told = false;
    while (!closing) {
      try {
        const applied = await migrate(databaseUrl, samplePrizes);
        if (applied.length > 0) log.info({ applied }, "migrated");
        break;
      } catch (err) {
        const untrusted = certificateProblem("Postgres", err);
        if (untrusted) throw new SetupError(untrusted);
        if (err instanceof SetupError || !isAway(err)) throw err;
        if (!told) log.warn({ err }, "waiting for Postgres");
        told = true;
        await new Promise((resolve) => setTimeout(resolve, MIGRATION_RETRY_MS));
      }
    }
    await scheduler.tick().catch((err: unknown) => {
      log.warn({ err }, "the prizes are not loaded yet");
    });
  }

  /** Listens and starts the scheduler. Returns the address. */
  async function listen(host: string, port: number): Promise<string> {
    const address = await app.listen({ host, port, backlog: BACKLOG });
    scheduler.start();
    return address;
  }

  /** Accepts no new requests, finishes the answers under way, flushes the queues and closes the stores. */
  async function close(): Promise<void> {
    closing = true;
    // Node closes the connections that are idle now, not those that become idle after their answer.
    const idle = setInterval(() => app.server.closeIdleConnections(), 20);
    const cut = setTimeout(() => app.server.closeAllConnections(), GRACE_MS);
    await app.close();
    clearInterval(idle);
    clearTimeout(cut);
    await scheduler.stop();
    await results.idle();
    await redemptions.idle();
    await settlements.idle();
    redis.disconnect();
    limits?.disconnect();
    await postgres.close();
  }

  return {
    ...{ app, open, listen, close, ...parts },
    ...{ results, scheduler, sweep, untold },
  };
}

/** Every attempt to reconnect fails the same way: logged once per absence. */
function tellAbsence(redis: Redis, log: Logger, sentence: string): void {
  let away = false;
  redis.on("error", (err: Error) => {
    const told = certificateProblem("Redis", err) ?? sentence;
    log[away ? "debug" : "warn"]({ err }, told);
    away = true;
  });
  redis.on("ready", () => {
    away = false;
  });
}
