import type { Days } from "./days.js";
import { moveLines, readKept } from "./log/move.js";
import { reconcile } from "./log/reconcile.js";
import type { Signer } from "./notes/secrets.js";
import type { Known, ProofParts } from "./parts.js";
import { closeDay, closeLog } from "./sealing/close.js";
import { logOf } from "./sealing/log-of.js";
import { keysOf } from "./sealing/sealed-days.js";

/** After a day's end no draw of it is decided any more that its server does not follow. */
const GRACE_MS = 10_000;

export type Keep = {
  /** Moves the lines of all open days to Postgres, and closes days that are over. Rejects with UNAVAILABLE. */
  run(): Promise<void>;
  /** Makes a day's log and its rows agree, after a loss. Returns false where it has to be tried again. Rejects with UNAVAILABLE. */
  reconcile(date: string): Promise<boolean>;
};

export function createKeep(
  parts: ProofParts & { server: string },
  days: Days,
): Keep {
  const { postgres, clock, held, settings, shard, warn } = parts;
  let lookedFor = ""; // the day on which past ones were last read

  async function run(): Promise<void> {
    if (!settings) return;
    const { date } = clock.today();
    if (lookedFor !== date) {
      await days.readPast();
      lookedFor = date;
    }
    await days.askBeacon();
    for (const known of days.known()) {
      const { seal, row } = known;
      if (row.close !== null) {
        if (seal.day < date) days.forget(seal.day);
        continue;
      }
      const signer = signerOf(known);
      // A day that is to be has no lines yet.
      if (!signer || clock.now() < seal.begins_at) continue;
      if (clock.now() < seal.ends_at + GRACE_MS) await move(known, signer);
      else await close(known);
    }
  }

  const signerOf = ({ seal, log }: Known): Signer | undefined =>
    log?.signer ?? (settings && keysOf(settings, seal)?.signer);

  async function move(
    { seal, log }: Known,
    signer: Signer,
  ): Promise<number | undefined> {
    const draw_date = seal.day;
    const of = { campaign: held.campaign.id, draw_date, shard: shard ?? 0 };
    const warnOf = (sentence: string) => warn({ draw_date }, sentence);
    const moving = { ...parts, name: settings?.name ?? "", warn: warnOf };
    const kept = await moveLines(moving, of, signer);
    if (log) {
      const known = kept ?? (await readKept(postgres, of)).next_seq;
      log.seen = Math.max(log.seen, known);
    }
    return kept;
  }

  async function close(known: Known): Promise<void> {
    const { seal } = known;
    const of = {
      campaign: held.campaign.id,
      draw_date: seal.day,
      shard: shard ?? 0,
    };
    if ((await agree(known)) === 0) await closeLog(parts, of);
    // The shards close their logs each for itself; the first one closes the day.
    if (!shard) await closeDay(parts, seal.day);
    await days.read([seal.day]);
  }

  async function agree(known: Known): Promise<number | undefined> {
    const signer = signerOf(known);
    const log = known.log ?? logOf(parts, known);
    if (!signer || !log) return undefined;
    return reconcile(parts, { log, date: known.seal.day }, () =>
      move(known, signer),
    );
  }

  return {
    run,
    reconcile: async (date) => {
      const known = days.known().find(({ seal }) => seal.day === date);
      if (!known || known.row.close !== null || !settings) return true;
      return (await agree(known)) !== undefined;
    },
  };
}
