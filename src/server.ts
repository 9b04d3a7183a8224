import type { CountryCode } from "libphonenumber-js";
import type { Logger } from "pino";
import { buildApp } from "./app.js";
import { createCampaigns } from "./campaigns/campaigns.js";
import { createClaims } from "./campaigns/claims.js";
import type { Lane, Shared } from "./campaigns/lane.js";
import { createClock } from "./clock.js";
import { createGate } from "./engine/gate.js";
import { watchLateness } from "./engine/lateness.js";
import {
  countDraws,
  measureInserts,
  measureScripts,
} from "./observe/instrument.js";
import { createMetrics } from "./observe/metrics.js";
import type { Sums } from "./observe/sums.js";
import { proofOf } from "./proof/proof-of.js";
import { requireKey } from "./proof/require-key.js";
import { type Random, systemRandom } from "./random.js";
import { createRedemptions } from "./results/redeem.js";
import { createScheduler } from "./scheduler.js";
import type { Settings } from "./services.js";
import { certificateProblem } from "./stores/certificates.js";
import { migrateInTime } from "./stores/migrate-in-time.js";
import { createPostgres } from "./stores/postgres.js";
import {
  createRedis,
  isMute,
  noticeMute,
  type Redis,
  redisTime,
  watchRedis,
} from "./stores/redis.js";

export type ServerOptions = {
  databaseUrl: string;
  redisUrl: string;
  /** Where requests are counted. Default: `redisUrl`. */
  limitsUrl?: string;
  log: Logger;
  /** Fill an empty `prize` with the sample prizes. */
  samplePrizes?: boolean;
  /** Whether somebody else migrates: the first process of several workers. */
  migrated?: boolean;
  /** Links to Postgres at a time. */
  links?: number;
  /** What all workers counted, where there are several. */
  sums?: Sums;
  /** Time and chance. Default: this machine's clock, Redis's clock, the operating system's generator. */
  localTime?: () => number;
  sharedTime?: () => Promise<number>;
  random?: Random;
};

export type Server = ReturnType<typeof createServer>;

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
  const { migrated = false, sums } = options;
  const metrics = settings.METRICS === "on" ? createMetrics() : undefined;
  const redis = measureScripts(createRedis(redisUrl), metrics);
  const postgres = createPostgres(databaseUrl, options.links);
  const sharedTime = options.sharedTime ?? (() => redisTime(redis));
  const clock = createClock(settings.TIME_ZONE, sharedTime, options.localTime);
  const timeZone = settings.TIME_ZONE;
  const shared: Shared = {
    redis,
    postgres,
    measured: measureInserts(postgres, metrics),
    clock,
    random: options.random ?? systemRandom,
    timeZone,
    claimDays: settings.CLAIM_DAYS,
    proof: proofOf(settings),
    warn: log.warn.bind(log),
    watch: (_campaign, reload, problem) => metrics?.reloading(reload, problem),
    count: (engine, campaign) => countDraws(engine, campaign, metrics),
  };
  const campaigns = createCampaigns(shared);
  const clocks = new Map<string, typeof clock>();
  const clockIn = (zone: string | null) => {
    const name = zone ?? timeZone;
    const known = clocks.get(name) ?? clock.in(() => name);
    clocks.set(name, known);
    return known;
  };
  const claims = createClaims(campaigns, settings.CLAIM_DAYS, clockIn);
  const country = settings.DEFAULT_COUNTRY as CountryCode;
  const redemptions = createRedemptions(postgres);
  const lateness = watchLateness();
  const waiting = createWaiting(campaigns.lanes);
  const gate = createGate({ waiting }, lateness);
  const isLimited =
    settings.RATE_LIMIT_USER !== undefined ||
    settings.RATE_LIMIT_ADDRESS !== undefined;
  const limits = isLimited
    ? createRedis(options.limitsUrl ?? redisUrl, COUNT_TIMEOUT_MS)
    : undefined;
  let draining = false;
  const services = {
    redis,
    postgres,
    clock,
    campaigns,
    claims,
    country,
    redemptions,
    gate,
    lateness,
    draining: () => draining,
    metrics,
    sums,
    settings,
    limits,
  };
  const app = buildApp(services, log);
  const scheduler = createScheduler(timeZone, { clock, campaigns }, log);
  let closing = false;

  tellAbsence(redis, log, "Redis is away");
  if (limits) {
    tellAbsence(limits, log, "the limits' Redis is away: nobody is limited");
  }
  watchRedis(redis, {
    lost: campaigns.markStale,
    found: () => {
      campaigns.reload().catch((err: unknown) => log.debug({ err }, "reload"));
      tellMute(redis, log);
    },
  });

  /**
   * Connects, migrates and loads the prizes, waiting for stores that are away. Rejects where waiting can't help: a
   * wrong password, a missing database or permission, a migration that fails.
   */
  async function open(): Promise<void> {
    const connecting = redis.connect().catch(() => {}); // goes on trying by itself
    limits?.connect().catch(() => {});
    if (migrated) await connecting;
    else {
      await migrateInTime(databaseUrl, samplePrizes, log, () => closing);
      await requireKey(postgres, settings.PROOF_KEY, () => closing);
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

  /** Tells balancers to send nothing more, and answers what they send until they have noticed. */
  function drain(): void {
    draining = true;
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
    const lanes = campaigns.lanes();
    await Promise.all(lanes.map(({ results }) => results.idle()));
    await redemptions.idle();
    await Promise.all(lanes.map(({ settlements }) => settlements.idle()));
    redis.disconnect();
    limits?.disconnect();
    await postgres.close();
  }

  return {
    ...campaigns.main,
    ...services,
    app,
    open,
    listen,
    drain,
    close,
    scheduler,
  };
}

/** For so many milliseconds what waits in many campaigns is taken for what it was: each request asks. */
const SAME_FOR_MS = 20;

/** The wins of all campaigns that wait for their rows. */
function createWaiting(lanes: () => Lane[]) {
  let known = { wins: 0, stalled: false };
  let until = 0;
  return () => {
    const all = lanes();
    if (all.length === 1 && all[0]) return all[0].results.waiting();
    const now = performance.now();
    if (now < until) return known;
    until = now + SAME_FOR_MS;
    known = { wins: 0, stalled: false };
    for (const { results } of all) {
      const { wins, stalled } = results.waiting();
      known.wins += wins;
      known.stalled ||= stalled;
    }
    return known;
  };
}

/** Once: what can't be noticed without INFO. */
function tellMute(redis: Redis, log: Logger): void {
  if (isMute(redis)) return;
  noticeMute(redis).then((isMute) => {
    if (!isMute) return;
    log.warn(
      "Redis refuses INFO: that another Redis has taken its place is noticed by what it lost, not by its replication id",
    );
  });
}

/** Every attempt to reconnect fails the same way: logged once per absence. */
function tellAbsence(redis: Redis, log: Logger, sentence: string): void {
  let away = false;
  watchRedis(redis, {
    trouble: (err) => {
      const told = certificateProblem("Redis", err) ?? sentence;
      log[away ? "debug" : "warn"]({ err }, told);
      away = true;
    },
    found: () => {
      away = false;
    },
  });
}
