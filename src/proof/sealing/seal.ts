import { readFileSync } from "node:fs";
import { ROOT } from "../../root.js";
import type { Postgres } from "../../stores/postgres.js";
import { roundBefore, timeOf } from "../../verify/beacon.js";
import { hashOf } from "../notes/rolls.js";
import { createSigner, noteOf, secretsOf } from "../notes/secrets.js";
import {
  jsonOf,
  type ProofSettings,
  readLast,
  type Seal,
  type SealedBeacon,
} from "./sealed-days.js";

/** The beacon's round is at least so long before the day begins. */
const ROUND_BEFORE_MS = 60_000;

/** The seal is made at least so long before that round: nobody could know it. */
const SEALED_BEFORE_MS = 600_000;

const engineHash = () =>
  hashOf(readFileSync(new URL("lua/draw.lua", ROOT), "utf8"));

/** That a day can't be sealed now. The message is for the log. */
export class SealError extends Error {}

/**
 * Publishes what a day is fixed by: the first server that does it counts. Rejects with a SealError where the beacon is required and
 * can't be had, and with UNAVAILABLE.
 */
export async function sealDay(
  postgres: Postgres,
  settings: ProofSettings,
  day: Pick<
    Seal,
    "campaign" | "day" | "time_zone" | "begins_at" | "ends_at" | "shards"
  > & { names: "sealed" | "open" },
  now: number,
  warn: (sentence: string) => void,
): Promise<void> {
  const [key = "", ...old] = settings.keys;
  const { campaign } = day;
  const { seed, names_key } = secretsOf(key, campaign, day.day);
  const beacon = await beaconOf(settings, day.begins_at, now, warn);
  const closed = await readLast(postgres, campaign, {
    before: day.day,
    closed: true,
  });
  const latest = await readLast(postgres, campaign, {
    before: day.day,
    closed: false,
  });
  const seal: Seal = {
    v: 1,
    campaign,
    day: day.day,
    time_zone: day.time_zone,
    begins_at: day.begins_at,
    ends_at: day.ends_at,
    seed_hash: hashOf(seed),
    names: day.names,
    names_hash: day.names === "open" ? null : hashOf(names_key),
    beacon,
    shards: day.shards,
    engine_hash: engineHash(),
    previous: closed?.close
      ? {
          day: closed.draw_date,
          trees: jsonOf<{ trees: { size: number; root: string }[] }>(
            closed.close,
          ).trees,
        }
      : null,
    sealed_at: Math.floor(now),
  };
  const signer = createSigner(settings.name, key);
  // The key before signs the first seal of the next one, too.
  const before = old
    .map((key) => createSigner(settings.name, key))
    .filter(
      ({ verifierKey }) => latest?.key_text.split("\n")[0] === verifierKey,
    );
  const signers = [signer, ...before];
  const note = noteOf(`${JSON.stringify(seal)}\n`, ...signers);
  const keyText = signers.map((it) => `${it.verifierKey}\n`).join("");
  await postgres.query(
    (sql) => sql`
      insert into proof_day (campaign_id, draw_date, seal, ends_at, shards, key_text)
      values (
        ${campaign}, ${day.day}::text::date, ${note}, to_timestamp(${day.ends_at}::float8 / 1000), ${day.shards}, ${keyText}
      )
      on conflict do nothing`,
  );
}

/** The last round at least a minute before the day begins, or null where the day goes on without one. */
async function beaconOf(
  { beacon }: ProofSettings,
  begins_at: number,
  now: number,
  warn: (sentence: string) => void,
): Promise<SealedBeacon | null> {
  if (!beacon) return null;
  try {
    const info = await beacon.info();
    const round = roundBefore(info, begins_at - ROUND_BEFORE_MS);
    if (timeOf(info, round) - now < SEALED_BEFORE_MS) {
      throw new SealError(
        "the day begins too soon: it must be sealed ten minutes before the beacon's round",
      );
    }
    const { chain_hash, public_key, scheme } = info;
    const { genesis_time, period, group_hash, beacon_id } = info;
    return {
      ...{ chain_hash, public_key, scheme, round },
      ...{ genesis_time, period, group_hash, beacon_id },
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (beacon.required) throw new SealError(why);
    warn(`The day is sealed without the beacon: ${why}`);
    return null;
  }
}
