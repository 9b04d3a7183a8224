import type { Clock } from "../clock.js";
import type { Keys } from "../stores/keys.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";
import type { Receipt } from "./notes/receipts.js";
import type { Rolls } from "./notes/rolls.js";
import type { Signer } from "./notes/secrets.js";
import type { ProofSettings, Seal, SealedDay } from "./sealing/sealed-days.js";

/** What a campaign says of its proof, and when it runs. */
export type ProofRules = {
  id: string;
  verifiable: boolean;
  proof_names: "sealed" | "open";
  time_zone: string | null;
  starts_at: number | null;
  ends_at: number | null;
  active: boolean;
  shards: number;
};

export type ProofParts = {
  redis: Redis;
  postgres: Postgres;
  keys: Keys;
  clock: Clock;
  held: { campaign: ProofRules };
  shard: number | undefined;
  everywhere: Keys[];
  shardOf: (userId: string, shards: number) => number;
  /** of campaigns without their own */
  timeZone: string;
  /** undefined without PROOF_KEY: nothing can be sealed */
  settings: ProofSettings | undefined;
  warn: (details: object, sentence: string) => void;
};

/** The log of a day that draws go by. */
export type Log = {
  signer: Signer;
  rolls: Rolls;
  /** how the receipts of lines that were decided together are made */
  receipts(lines: string[]): (index: number) => Receipt;
  /** the number after the last line that this server knows of: where Redis has less, it lost lines */
  seen: number;
};

/** A sealed day as this server knows it. */
export type Known = {
  row: SealedDay;
  seal: Seal;
  log: Log | undefined;
};
