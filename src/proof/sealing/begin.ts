import type { Day } from "../../clock.js";
import { unavailable } from "../../errors.js";
import type { Keys } from "../../stores/keys.js";
import type { Postgres } from "../../stores/postgres.js";
import { pipelines, type Redis } from "../../stores/redis.js";
import { timeOf } from "../../verify/beacon.js";
import { hashOf } from "../notes/rolls.js";
import type { ProofSettings, Seal, SealedDay } from "./sealed-days.js";

/** Of a beacon that a day waits for: what it gave, hex; empty where the day goes on without; undefined where it is not known yet. */
export async function findSignature(
  postgres: Postgres,
  settings: ProofSettings,
  { campaign, day, beacon, begins_at }: Seal,
  { beacon_signature }: SealedDay,
  now: number,
  warn: (sentence: string) => void,
): Promise<string | undefined> {
  if (!beacon || beacon_signature !== null) return beacon_signature ?? "";
  if (now < timeOf(beacon, beacon.round)) return undefined;
  let found = "";
  try {
    if (!settings.beacon) throw new Error("BEACON_URL is not set");
    found = await settings.beacon.signature(beacon.round);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (now < begins_at) return undefined;
    if (settings.beacon?.required !== false) {
      warn(
        `Nobody draws: the beacon's round ${beacon.round} is missing: ${why}`,
      );
      return undefined;
    }
    warn(`The day goes on without the beacon's round ${beacon.round}: ${why}`);
  }
  const [row] = await postgres.query(
    (sql) => sql<{ beacon_signature: string }[]>`
      update proof_day set beacon_signature = coalesce(beacon_signature, ${found})
      where campaign_id = ${campaign} and draw_date = ${day}::text::date
      returning beacon_signature`,
  );
  return row?.beacon_signature;
}

/** What the roll takes from the beacon, and what T lines say of it. */
export function beaconOf(seal: Seal, signature: string) {
  const isUsed = signature !== "";
  return {
    randomness: isUsed ? hashOf(Buffer.from(signature, "hex")) : "",
    text: !seal.beacon ? "null" : isUsed ? '"used"' : '"missing"',
  };
}

/**
 * Begins the log of a day in Redis, or goes on with it after a loss. `epoch`: the name of the day's data. Returns false where that has
 * changed meanwhile. Rejects with UNAVAILABLE.
 */
export async function beginLog(
  { redis, postgres, keys }: { redis: Redis; postgres: Postgres; keys: Keys },
  of: { campaign: string; shard: number; seal: Seal; beacon: string },
  { epoch, now }: { epoch: string; now: number },
): Promise<boolean> {
  const { campaign, shard, seal, beacon } = of;
  const [row] = await postgres.query(
    (sql) => sql<{ begun_in: string; next_seq: number; closed: boolean }[]>`
      with begun as (
        insert into proof_log (campaign_id, draw_date, shard, begun_in)
        values (${campaign}, ${seal.day}::text::date, ${shard}::int, ${epoch})
        on conflict do nothing
        returning begun_in, next_seq, closed
      )
      select begun_in, next_seq::float8, closed from begun
      union all
      select begun_in, next_seq::float8, closed from proof_log
      where campaign_id = ${campaign} and draw_date = ${seal.day}::text::date and shard = ${shard}::int`,
  );
  const { begun_in = epoch, next_seq = 0, closed = false } = row ?? {};
  if (closed) return true; // nothing more comes, though Redis may have lost that
  const names = namesOf(keys, seal.day);
  const begin = (next_seq: number, start: number | "") =>
    redis
      .log(
        names.length,
        ...names,
        ...[epoch, begun_in, next_seq, start],
        ...[Math.floor(now), seal.begins_at, beacon],
      )
      .catch(refuse);
  const answer = await begin(next_seq, "");
  if (answer !== "lost") return answer !== "stale";
  const [place] = await postgres.query(
    (sql) => sql<{ next_seq: number; resumed_at: number }[]>`
      update proof_log set resumed_at = greatest(resumed_at, next_seq) + ${FURTHER}::bigint
      where campaign_id = ${campaign} and draw_date = ${seal.day}::text::date and shard = ${shard}::int
      returning next_seq::float8, resumed_at::float8`,
  );
  if (!place) return false;
  return (await begin(place.next_seq, place.resumed_at)) !== "stale";
}

/** More numbers than can have been given since: draw.lua stops when so many, less a batch, wait for Postgres. */
const FURTHER = 4_010_000;

/** Says in Redis that a day has no log. Rejects with UNAVAILABLE. */
export async function noLog(
  { redis, keys }: { redis: Redis; keys: Keys },
  { date }: Pick<Day, "date">,
  { epoch, now }: { epoch: string; now: number },
): Promise<void> {
  const at = Math.floor(now);
  const names = namesOf(keys, date);
  await redis
    .log(names.length, ...names, epoch, "", 0, "", at, at, "null")
    .catch(refuse);
}

const namesOf = (keys: Keys, date: string) => [
  keys.taken,
  keys.takenToday(date),
  keys.log(date),
];

/**
 * Whether a day that has begun can still get a log: on no shard anybody has drawn, and all shards stop draws until it has one.
 * Undefined where a shard does not know yet. Rejects with UNAVAILABLE.
 */
export async function isUntouched(
  redis: Redis,
  everywhere: Keys[],
  date: string,
): Promise<boolean | undefined> {
  const answers = (await pipelines(
    redis,
    everywhere.flatMap((keys) => [
      ["hmget", keys.takenToday(date), "@draws", "@log"],
      ["hexists", keys.prizes, "proof"],
    ]),
  ).catch(refuse)) as unknown[];
  let isKnown = true;
  for (let at = 0; at < answers.length; at += 2) {
    const [draws, log] = answers[at] as (string | null)[];
    if (Number(draws ?? 0) > 0 || log === "-") return false;
    if (Number(answers[at + 1]) !== 1) isKnown = false;
  }
  return isKnown ? true : undefined;
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
