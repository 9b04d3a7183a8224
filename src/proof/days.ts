import type { Day } from "../clock.js";
import type { Known, Log, ProofParts } from "./parts.js";
import { beaconOf, beginLog, findSignature, noLog } from "./sealing/begin.js";
import { logOf } from "./sealing/log-of.js";
import { sealInTime } from "./sealing/seal-in-time.js";
import {
  jsonOf,
  keysOf,
  readDates,
  readSealed,
  type Seal,
} from "./sealing/sealed-days.js";

export type Days = {
  /** Reads which of these days are sealed. Rejects with UNAVAILABLE. */
  read(dates: string[]): Promise<void>;
  /** Reads which days are sealed at all, and those that were not closed in time: whoever sealed them may be gone. Rejects with UNAVAILABLE. */
  readPast(): Promise<void>;
  /** Whether what was drawn on a day can be checked. */
  isSealed(date: string): boolean;
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
  forget(date: string): void;
};

/** How often a day that is to be is tried again. */
const RETRY_MS = 30_000;

export function createDays(parts: ProofParts): Days {
  const { postgres, clock, held, settings, shard = 0 } = parts;
  const days = new Map<string, Known>();
  const sealed = new Set<string>(); // dates, also of days that are forgotten
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
      sealed.add(row.draw_date);
      const { log } = days.get(row.draw_date) ?? {};
      days.set(row.draw_date, { row, seal: jsonOf<Seal>(row.seal), log });
    }
  }

  async function readPast(): Promise<void> {
    const dates = await readDates(postgres, held.campaign.id);
    for (const { draw_date } of dates) sealed.add(draw_date);
    const { date } = clock.today();
    const open = dates.filter((it) => it.is_open && it.draw_date < date);
    await read(open.map((it) => it.draw_date));
  }

  async function begin(day: Day, epoch: string): Promise<void> {
    const { date } = day;
    const { verifiable } = held.campaign;
    if (!verifiable && !isOn()) return;
    pending.delete(date);
    if (!days.has(date)) {
      const tell = (sentence: string) => warn(date, sentence);
      const fate = verifiable ? await sealInTime(parts, day, tell) : "never";
      if (fate === "never") {
        return noLog(parts, day, { epoch, now: clock.now() });
      }
      if (fate === "later") retry(day);
      if (fate !== "sealed") return;
      await read([date]);
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
    // Meanwhile the day may have been read anew.
    const known = days.get(seal.day) ?? its;
    const begun = { ...row, beacon_signature: signature };
    known.log ??= logOf(parts, { seal, row: begun });
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

  function isOn(): boolean {
    return held.campaign.verifiable || days.size > 0;
  }

  return {
    read,
    readPast,
    isSealed: (date) => sealed.has(date),
    isOn,
    begin,
    askBeacon,
    log: (date) => days.get(date)?.log,
    known: () => [...days.values()],
    isPending: (date) => clock.now() >= (pending.get(date) ?? Infinity),
    forget: (date) => {
      days.delete(date);
    },
  };
}
