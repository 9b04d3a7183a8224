import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { within } from "../deadline.js";
import { SetupError } from "../errors.js";
import { readConfig } from "../settings/config.js";
import { ALL_KEYS, keys } from "../stores/keys.js";
import { createPostgres, type Postgres } from "../stores/postgres.js";
import {
  connect,
  createRedis,
  mastersOf,
  pipelines,
  type Redis,
  redisTime,
} from "../stores/redis.js";
import { CommandError, print, runProgram } from "./program.js";

const HELP = `npm run -s reset -- [--yes DATABASE]

Begins anew after trial draws: deletes all results, redemptions and proofs in the database of DATABASE_URL, and all that
Redis knows of draws. Prizes, their history and all settings stay. What is deleted can't be brought back: make a backup first.
Stop all servers before. The role of DATABASE_URL must own the tables. It asks for the database's name, or takes it from
--yes. If it is interrupted, run it again. The embedded pair: stop npm start and delete the folder .data/.

Exit code: 0 done, 1 failed or not confirmed, 2 called wrongly.`;

/** How long it may take to connect, in milliseconds. */
const CONNECT_TIMEOUT_MS = 3_000;

const late = () => new Error("Redis can't be reached");

await runProgram(HELP, async (args) => {
  const { values } = parseArgs({ args, options: { yes: { type: "string" } } });
  const { DATABASE_URL, REDIS_URL } = await readConfig(process.env);
  if (!DATABASE_URL || !REDIS_URL) {
    throw new SetupError(
      "DATABASE_URL and REDIS_URL: must be set; of the embedded pair, stop npm start and delete the folder .data/.",
    );
  }
  const redis = createRedis(REDIS_URL);
  redis.on("error", () => {}); // connect() tells it
  const postgres = createPostgres(DATABASE_URL);
  try {
    await within(CONNECT_TIMEOUT_MS, connect(redis), late);
    await refuseWhileServing(redis);
    await confirm(postgres, values.yes);
    // Redis on both sides: whatever happens in between, no counter is left above results that are gone, and none of the
    // wins that wait in the outbox is written after all.
    await forget(redis);
    const results = await deleteResults(postgres);
    await forget(redis);
    await print(`${results} results deleted. The next server begins anew.`);
    return 0;
  } finally {
    redis.disconnect();
    await postgres.close();
  }
});

/** Every server says each second that it is there. */
async function refuseWhileServing(redis: Redis): Promise<void> {
  const until = await redis.hget(keys.prizes, "time_zone_until");
  const left = Number(until ?? 0) - (await redisTime(redis));
  if (left <= 0) return;
  throw new CommandError(
    "Servers are running on this Redis, or were ten seconds ago: stop all of them first. Nothing was deleted.",
  );
}

async function confirm(
  postgres: Postgres,
  given: string | undefined,
): Promise<void> {
  const [row] = await postgres.query(
    (sql) => sql<{ name: string; results: number }[]>`
      select current_database() as name, (select count(*)::int from result) as results`,
  );
  const { name = "", results = 0 } = row ?? {};
  const canAsk = given === undefined && process.stdin.isTTY;
  const said = canAsk ? await ask(name, results) : given;
  if (said === name) return;
  throw new CommandError(
    `Not confirmed: the database is called ${name}; name it with --yes. Nothing was deleted.`,
  );
}

async function ask(name: string, results: number): Promise<string> {
  const terminal = createInterface({
    input: process.stdin,
    output: process.stderr,
  });
  const question = `This deletes ${results} results of the database ${name}. Type its name to go on: `;
  const ended = new Promise<string>((resolve) => {
    terminal.once("close", () => resolve(""));
  });
  const said = await Promise.race([terminal.question(question), ended]);
  terminal.close();
  return said.trim();
}

/** Deletes every key of the product. */
async function forget(redis: Redis): Promise<void> {
  for (const node of mastersOf(redis)) await forgetOn(node, redis);
}

async function forgetOn(node: Redis, redis: Redis): Promise<void> {
  let cursor = "0";
  do {
    const [next, names] = await node.scan(
      cursor,
      "MATCH",
      ALL_KEYS,
      "COUNT",
      1_000,
    );
    await pipelines(
      redis,
      names.map((name) => ["unlink", name]),
    );
    cursor = next;
  } while (cursor !== "0");
}

/** One statement: all of it, or nothing. */
async function deleteResults(postgres: Postgres): Promise<number> {
  const [row] = await postgres.query(
    (sql) => sql<{ count: number }[]>`
      with gone as (delete from result returning 1)
      select count(*)::int as count from gone`,
  );
  await postgres.query((sql) => sql`delete from redemption_count`);
  await postgres.query((sql) => sql`delete from shard_units`);
  await postgres.query((sql) => sql`delete from shard_rights`);
  // A log that a new day's went on with would have lines that its Redis knows nothing of.
  await postgres.query(
    (sql) => sql`
      with days as (delete from proof_day), logs as (delete from proof_log), chunks as (delete from proof_chunk),
        wins as (delete from proof_win)
      delete from proof_moments`,
  );
  return row?.count ?? 0;
}
