import type { Clock, Day } from "../clock.js";
import type { Keys } from "../stores/keys.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";
import { type Receipt, receiptsOf } from "./notes/receipts.js";
import { createRolls, type Rolls } from "./notes/rolls.js";
import type { Signer } from "./notes/secrets.js";
import {
  beaconOf,
  beginLog,
  findSignature,
  isUntouched,
  noLog,
} from "./sealing/begin.js";
import {
  jsonOf,
  keysOf,
  type ProofSettings,
  readLast,
  readSealed,
  type Seal,
  type SealedDay,
} from "./sealing/sealed-days.js";

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
};

/** A sealed day as this server knows it. */
export type Known = {
  row: SealedDay;
  seal: Seal;
  log: Log | undefined;
};

export type Days = {
  /** Reads which of these days are sealed. Rejects with UNAVAILABLE. */
  read(dates: string[]): Promise<void>;
  /** Whether the scripts must look for a log: the campaign is verifiable, or a day that draws may be of is sealed. */
  isOn(): boolean;
  /**
   * Seals a day that is to be, and begins its log in Redis or goes on with it. `epoch`: the name of the day's data. What is missing is
   * said once, and tried again with the next look. Rejects with UNAVAILABLE.
   */
  begin(day: Day, epoch: string): Promise<void>;
  /** Asks for the beacon's rounds that days to be wait for, as soon as they are out: nobody's draw has to. Rejects with UNAVAILABLE. */
  askBeacon(): Promise<void>;
  /** The log of a day; undefined where it has none, or none yet. */
  log(date: string): Log | undefined;
  known(): Known[];
  /** Whether the next look should try to begin a day's log again. */
  isPending(date: string): boolean;
  /** The log of a sealed day, whether it goes on or not; undefined without its key. */
  logOf(known: Known): Log | undefined;
  forget(date: string): void;
};

/** How often a day that is to be is tried again. */
const RETRY_MS = 30_000;

export function createDays(parts: ProofParts): Days {
  const { redis, postgres, clock, held, everywhere } = parts;
  const { timeZone, settings, shard = 0 } = parts;
  const days = new Map<string, Known>();
  const pending = new Map<string, number>(); // date → when it is tried again
  const told = new Set<string>();

  function warn(draw_date: string, sentence: string): void {
    const text = `${draw_date} ${sentence}`;
    if (told.has(text)) return;
    told.add(text);
    parts.warn({ draw_date }, sentence);
  }

  async function read(dates: string[]): Promise<void> {
    const rows = await readSealed(postgres, held.campaign.id, dates);
    for (const row of rows) {
      const { log } = days.get(row.draw_date) ?? {};
      days.set(row.draw_date, { row, seal: jsonOf<Seal>(row.seal), log });
    }
  }

  async function begin(day: Day, epoch: string): Promise<void> {
    const { date } = day;
    const { verifiable } = held.campaign;
    if (!verifiable && !isOn()) return;
    pending.delete(date);
    if (!days.has(date)) {
      const fate = verifiable ? await seal(day) : "never";
      if (fate === "never") {
        return noLog(parts, day, { epoch, now: clock.now() });
      }
      if (fate === "later") retry(day);
      if (fate !== "sealed") return;
    }
    const its = days.get(date);
    if (!its || its.row.close !== null) return;
    if (!(await goOn(its, epoch)) && isBegun(day)) retry(day);
  }

  const isBegun = ({ date }: Day) =>
    clock.now() >= clock.momentOf(date, "00:00:00");

  /** A day that draws wait for is tried again with the next look. */
  function retry(day: Day): void {
    const pause = isBegun(day) ? 0 : RETRY_MS;
    pending.set(day.date, clock.now() + pause);
  }

  /** never: the day stays without a log; later: it is tried again; idle: nobody can draw on it. */
  async function seal(
    day: Day,
  ): Promise<"sealed" | "never" | "later" | "idle"> {
    const { id, starts_at, ends_at, active, time_zone, shards } = held.campaign;
    const now = clock.now();
    const begins_at = clock.momentOf(day.date, "00:00:00");
    if (now >= day.endsAt) return "never";
    const isOutside =
      !active ||
      (starts_at ?? 0) >= day.endsAt ||
      (ends_at ?? Number.POSITIVE_INFINITY) <= begins_at;
    if (isOutside) return "idle";
    if (now >= begins_at) {
      const can = await isUntouched(redis, everywhere, day.date);
      if (can !== true) return can === false ? "never" : "later";
    }
    if (!settings) {
      warn(
        day.date,
        "Nobody draws: set PROOF_KEY, since the campaign is verifiable",
      );
      return "later";
    }
    // Who never has a verifiable campaign loads none of it.
    const { SealError, sealDay } = await import("./sealing/seal.js");
    try {
      await sealDay(
        postgres,
        settings,
        {
          ...{ campaign: id, day: day.date, shards, begins_at },
          time_zone: time_zone ?? timeZone,
          ends_at: day.endsAt,
          names: held.campaign.proof_names,
        },
        now,
        (sentence) => warn(day.date, sentence),
      );
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      const before = { before: day.date, closed: false };
      const isFirst = !(await readLast(postgres, id, before));
      if (now >= begins_at && isFirst) return "never";
      warn(day.date, `The day can't be sealed: ${error.message}`);
      return "later";
    }
    await read([day.date]);
    return "sealed";
  }

  /** Whether the log goes on in these data. */
  async function goOn(its: Known, epoch: string): Promise<boolean> {
    const { row, seal } = its;
    const secrets = settings && keysOf(settings, seal);
    if (!settings || !secrets) {
      warn(
        seal.day,
        "Nobody draws: PROOF_KEY does not hold the key that sealed the day",
      );
      return false;
    }
    const now = clock.now();
    const signature = await findSignature(
      ...([postgres, settings, seal, row, now] as const),
      (sentence) => warn(seal.day, sentence),
    );
    if (signature === undefined) return false;
    const { id: campaign } = held.campaign;
    const of = {
      campaign,
      shard,
      seal,
      beacon: beaconOf(seal, signature).text,
    };
    if (!(await beginLog(parts, of, { epoch, now }))) return false;
    its.log ??= logOf({ seal, row: { ...row, beacon_signature: signature } });
    return true;
  }

  async function askBeacon(): Promise<void> {
    const now = clock.now();
    for (const { seal, row } of days.values()) {
      const isWaiting = seal.beacon !== null && row.beacon_signature === null;
      if (!settings || !isWaiting || now >= seal.begins_at) continue;
      const at = [postgres, settings, seal, row, now] as const;
      const signature = await findSignature(...at, () => {});
      if (signature !== undefined) await read([seal.day]);
    }
  }

  function logOf({ seal, row }: Pick<Known, "seal" | "row">): Log | undefined {
    const secrets = settings && keysOf(settings, seal);
    if (!secrets) return undefined;
    const { signer, seed, names_key } = secrets;
    const { campaign, day } = seal;
    const { randomness } = beaconOf(seal, row.beacon_signature ?? "");
    return {
      signer,
      rolls: createRolls({ campaign, day, seed, names_key, randomness }),
      receipts: (lines) => receiptsOf(signer, { campaign, day, shard }, lines),
    };
  }

  function isOn(): boolean {
    return held.campaign.verifiable || days.size > 0;
  }

  return {
    read,
    isOn,
    begin,
    askBeacon,
    log: (date) => days.get(date)?.log,
    known: () => [...days.values()],
    isPending: (date) => clock.now() >= (pending.get(date) ?? Infinity),
    logOf,
    forget: (date) => {
      days.delete(date);
    },
  };
}
