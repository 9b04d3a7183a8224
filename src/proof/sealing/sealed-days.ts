import type { Postgres } from "../../stores/postgres.js";
import type { Beacon } from "../beacon.js";
import { hashOf } from "../notes/rolls.js";
import { createSigner, type Signer, secretsOf } from "../notes/secrets.js";

/** How days are sealed and signed: PROOF_NAME, PROOF_KEY (the first signs), and the beacon. */
export type ProofSettings = {
  name: string;
  /** hex; the first signs */
  keys: string[];
  beacon?: Beacon & { required: boolean };
};

/** Which round of a drand chain a day waits for, and all that its hash is made of. */
export type SealedBeacon = {
  chain_hash: string;
  public_key: string;
  scheme: string;
  round: number;
  genesis_time: number;
  period: number;
  group_hash: string;
  beacon_id: string;
};

/** The text of seal.note. */
export type Seal = {
  v: 1;
  campaign: string;
  day: string;
  time_zone: string;
  begins_at: number;
  ends_at: number;
  seed_hash: string;
  names: "sealed" | "open";
  names_hash: string | null;
  beacon: SealedBeacon | null;
  shards: number;
  engine_hash: string;
  previous: { day: string; trees: { size: number; root: string }[] } | null;
  sealed_at: number;
};

/** A row of `proof_day`. `beacon_signature`: hex; empty where the day goes on without it; null until it is known. */
export type SealedDay = {
  draw_date: string;
  seal: string;
  key_text: string;
  beacon_signature: string | null;
  close: string | null;
};

/** The JSON of a note. */
export const jsonOf = <T>(note: string): T =>
  JSON.parse(note.slice(0, note.indexOf("\n"))) as T;

const columns = (sql: Parameters<Parameters<Postgres["query"]>[0]>[0]) =>
  sql`draw_date::text, seal, key_text, beacon_signature, close`;

/** Those of these days that are sealed. Rejects with UNAVAILABLE. */
export function readSealed(
  postgres: Postgres,
  campaign: string,
  dates: string[],
): Promise<SealedDay[]> {
  return postgres.query(
    (sql) => sql<SealedDay[]>`
      select ${columns(sql)} from proof_day
      where campaign_id = ${campaign} and draw_date = any(${dates}::text[]::date[])`,
  );
}

/** The last day before this one that is closed, or sealed. Rejects with UNAVAILABLE. */
export async function readLast(
  postgres: Postgres,
  campaign: string,
  { before, closed }: { before: string; closed: boolean },
): Promise<SealedDay | undefined> {
  const [row] = await postgres.query(
    (sql) => sql<SealedDay[]>`
      select ${columns(sql)} from proof_day
      where campaign_id = ${campaign} and draw_date < ${before}::text::date
        ${closed ? sql`and close is not null` : sql``}
      order by draw_date desc limit 1`,
  );
  return row;
}

/** Which days are sealed, the earliest first, and whether they are not closed yet. Rejects with UNAVAILABLE. */
export function readDates(
  postgres: Postgres,
  campaign: string,
): Promise<{ draw_date: string; is_open: boolean }[]> {
  return postgres.query(
    (sql) => sql<{ draw_date: string; is_open: boolean }[]>`
      select draw_date::text, close is null as is_open from proof_day
      where campaign_id = ${campaign} order by proof_day.draw_date`,
  );
}

/** What a sealed day is signed with and its secrets: those of the key that sealed it. Undefined where PROOF_KEY does not hold it. */
export function keysOf(
  settings: ProofSettings,
  seal: Seal,
): { signer: Signer; seed: Buffer; names_key: Buffer | null } | undefined {
  for (const key of settings.keys) {
    const { seed, names_key } = secretsOf(key, seal.campaign, seal.day);
    if (hashOf(seed) === seal.seed_hash) {
      const signer = createSigner(settings.name, key);
      const isOpen = seal.names === "open";
      return { signer, seed, names_key: isOpen ? null : names_key };
    }
  }
  return undefined;
}
