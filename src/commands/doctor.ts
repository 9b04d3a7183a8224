import { parseArgs } from "node:util";
import { createClock } from "../clock.js";
import { probePostgres } from "../engine/probe.js";
import { type Config, readConfig } from "../settings/config.js";
import { runningPair } from "../stores/embedded/running.js";
import { DEFAULT_CAMPAIGN } from "../stores/keys.js";
import type { Postgres } from "../stores/postgres.js";
import { type Redis, redisTime } from "../stores/redis.js";
import { examineCampaigns } from "./doctor/campaigns.js";
import { examineClocks, examineDay } from "./doctor/clocks.js";
import {
  type Finding,
  fail,
  failWith,
  ok,
  type Say,
} from "./doctor/finding.js";
import { examineIdentity } from "./doctor/identity.js";
import { examineLinks } from "./doctor/links.js";
import { examineOutbox } from "./doctor/outbox.js";
import {
  examineHosts,
  examineMigrations,
  examinePostgres,
  reachPostgres,
} from "./doctor/postgres.js";
import { examinePrivileges } from "./doctor/privileges.js";
import { examineProof } from "./doctor/proof.js";
import { examineRedis, reachRedis } from "./doctor/redis.js";
import { runProgram, sentenceOf } from "./program.js";

const HELP = `npm run doctor

Connects to both stores as a server would and examines them: links, versions, Redis's persistence, memory and role,
migrations, rights, campaigns, their prizes and seals, counters, the outbox, clocks. It writes nothing but two scratch keys in Redis. Each finding is a line, ok, warn or fail,
and under a warn or fail what to do. Without DATABASE_URL and REDIS_URL it examines the embedded pair of a running
npm start.

Exit code: 0, or 1 where something fails, or 2 for a wrong command line.`;

await runProgram(HELP, async (args) => {
  parseArgs({ args });
  const config = await readConfig(process.env);
  let failed = false;
  const say = (finding: Finding) => {
    failed ||= finding.level === "fail";
    print(finding);
  };
  await examine(config, say);
  return failed ? 1 : 0;
});

function print({ level, sentence, remedy }: Finding): void {
  console.log(`${level.padEnd(4)}  ${sentence}`);
  if (remedy) console.log(`      → ${remedy}`);
}

async function examine(config: Config, say: Say): Promise<void> {
  const { DATABASE_URL, REDIS_URL, TIME_ZONE, ADMIN_TOKEN } = config;
  const embedded = !DATABASE_URL || !REDIS_URL;
  const urls = embedded
    ? await runningPair(".data")
    : { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL, proofKey: undefined };
  const proofKey = config.PROOF_KEY ?? urls.proofKey;
  examineLinks(urls, say);
  const redis = await reachRedis(urls.redisUrl, say);
  const postgres = await reachPostgres(urls.databaseUrl, say);
  if (postgres) await examineHosts(urls.databaseUrl, say);
  try {
    const admin = ADMIN_TOKEN !== undefined;
    const stores = { redis, postgres, embedded, admin, timeZone: TIME_ZONE };
    await examineStores({ ...stores, proofKey }, say);
  } finally {
    redis?.disconnect();
    await postgres?.close();
  }
}

type Stores = {
  redis: Redis | undefined;
  postgres: Postgres | undefined;
  embedded: boolean;
  /** whether /admin is on */
  admin: boolean;
  timeZone: string;
  proofKey: string | undefined;
};

async function examineStores(
  { redis, postgres, embedded, admin, timeZone, proofKey }: Stores,
  say: Say,
): Promise<void> {
  const local = async () => Date.now();
  const clock = createClock(timeZone, redis ? () => redisTime(redis) : local);
  // What one examination can't do must not keep the others from being done.
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      say(
        fail(
          `${what} can't be examined: ${sentenceOf(cause)}.`,
          "compare the user's rights with lua/acl.txt and sql/grants.sql",
        ),
      );
    }
  };
  await attempt("The day", async () => {
    await clock.sync();
    examineDay(timeZone, clock, say);
  });
  if (redis) {
    await attempt("Redis", () => examineRedis(redis, say));
    await attempt("The outbox", () =>
      examineOutbox(redis, { id: DEFAULT_CAMPAIGN, shards: 1 }, say),
    );
    await attempt("The clocks", () => examineClocks(redis, postgres, say));
  }
  if (!postgres) return;
  await attempt("Postgres", async () => {
    await examinePostgres(postgres, say);
    if (!(await examineMigrations(postgres, say))) return;
    await examinePrivileges(postgres, { embedded, admin }, say);
    const refusal = await probePostgres(postgres);
    say(
      refusal
        ? failWith(refusal)
        : ok("Postgres takes a win and its redemption."),
    );
    if (redis) await examineIdentity({ redis, postgres, timeZone }, say);
    await examineCampaigns({ redis, postgres, clock, timeZone }, say);
    await examineProof(postgres, proofKey, say);
  });
}
