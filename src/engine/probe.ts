import { within } from "../deadline.js";
import { keys } from "../stores/keys.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";

/** How long a store may take for a probe: /readyz answers within two seconds. */
const PROBE_TIMEOUT_MS = 1_500;

/** Seconds after which the probe's keys are gone. */
const LIFE_S = 60;

/** How Redis's refusals of a script begin, and what to say about each. */
const REDIS: [RegExp, string][] = [
  [
    /NOREPLICAS/,
    "Redis takes no writes for want of replicas (min-replicas-to-write): bring them back, or lower it.",
  ],
  [
    /MISCONF|AOF error|stop-writes-on-bgsave-error/,
    "Redis takes no writes since it can't save (MISCONF): look at its log and at the free space of its disk.",
  ],
  [/OOM/, "Redis is out of memory: raise maxmemory."],
  [
    /READONLY/,
    "This Redis is a replica and takes no writes: name the primary in REDIS_URL.",
  ],
  [
    /NOPERM|no permissions|can't run this command/i,
    "Redis forbids this user a command or a key: give it the rights of lua/acl.txt.",
  ],
  [
    /unknown (redis )?command|Unknown Redis/i,
    "Redis lacks a command that the scripts need: take rename-command out of its configuration, and use 7.0 or later.",
  ],
  [
    /NOAUTH|WRONGPASS/,
    "Redis refuses user or password: correct them in REDIS_URL.",
  ],
  [
    /CLUSTERDOWN|MOVED|CROSSSLOT/,
    "No node of Redis's cluster serves these keys now: name the cluster in REDIS_URL, redis+cluster://host:6379, or bring its node back.",
  ],
  [
    /WRONGTYPE/,
    "A key of ours in Redis holds something else: give this product a Redis database of its own.",
  ],
  [/LOADING/, "Redis is still loading its data: it serves when it has."],
  [
    /MASTERDOWN/,
    "This Redis is a replica that has lost its primary: name the primary in REDIS_URL.",
  ],
  [
    /BUSY/,
    "Redis is busy with somebody's script: end it with SCRIPT KILL, and keep others off this Redis.",
  ],
  [
    /max number of clients/,
    "Redis has too many clients: raise maxclients, or find who leaves connections open.",
  ],
];

/** SQLSTATEs of a Postgres that takes no rows, and what to say about each. */
const POSTGRES: Record<string, string> = {
  "25006":
    "Postgres takes no writes (a standby, or default_transaction_read_only): name the primary in DATABASE_URL.",
  "42501":
    "The role of DATABASE_URL may not write results: run npm run migrate with the owner's DATABASE_URL, it grants what sql/grants.sql says.",
  "42P01":
    "The tables are missing in Postgres: run npm run migrate with the owner's DATABASE_URL.",
  "28P01": "Postgres refuses user or password: correct them in DATABASE_URL.",
  "3D000":
    "The database does not exist: create it, or name another one in DATABASE_URL.",
  "53100": "Postgres's disk is full: free some of it.",
  "53200": "Postgres is out of memory: look at what else runs there.",
  "53300":
    "Postgres has too many connections: raise max_connections; each server takes up to five.",
  "57P03": "Postgres is starting or stopping: it serves when it is up.",
};

/** Why a draw could not be decided now, or undefined. Never rejects. */
export async function probeRedis(redis: Redis): Promise<string | undefined> {
  const expiresAt = Math.floor(Date.now() / 1_000) + LIFE_S;
  const { scratch, scratchStream, scratchSet } = keys;
  const { prizes, taken, pending, outbox } = keys;
  const names = [
    scratch,
    scratchStream,
    scratchSet,
    prizes,
    taken,
    pending,
    outbox,
  ];
  try {
    const probing = redis.probe(names.length, ...names, expiresAt, "probe");
    await within(PROBE_TIMEOUT_MS, probing, late);
    return undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const known = REDIS.find(([pattern]) => pattern.test(words));
    if (known) return known[1];
    return error instanceof Error && error.name === "ReplyError"
      ? "Redis refuses what a draw needs: npm run doctor says more."
      : "Redis does not answer.";
  }
}

/**
 * Why a win could not be kept now, or undefined. Never rejects. It runs what a win and its redemption need, on no rows:
 * Postgres checks rights and write access before it looks for rows.
 */
export async function probePostgres(
  postgres: Postgres,
): Promise<string | undefined> {
  const probing = postgres.query(
    (sql) => sql`
      with held as (
        select id from prize limit 0 for key share
      )
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at, campaign_id, draw_no, win_no, moment_id)
      select null::uuid, id, id, null::date, 1, 1, now(), id, 1, 1, 1 from held, prize_version
      where exists (select from redeem_results('{}', '{}', '{}', '{}', null, '{}', '{}'))`,
  );
  try {
    await within(PROBE_TIMEOUT_MS, probing, late);
    return undefined;
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    const { code } = cause as { code?: unknown };
    const known = POSTGRES[String(code)];
    if (known) return known;
    return cause instanceof Error && cause.name === "PostgresError"
      ? "Postgres refuses what a win needs: npm run doctor says more."
      : "Postgres does not answer.";
  }
}

const late = () => new Error("it took too long");
