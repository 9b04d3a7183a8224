import { type Checked, unitsOf } from "./day/compare-days.js";
import { compareWithClose } from "./day/compare-with-close.js";
import { conclude } from "./day/conclude.js";
import { createNames } from "./day/names.js";
import { openDay } from "./day/open-day.js";
import { openMoments } from "./day/open-moments.js";
import { addUsers, readNames } from "./day/read-names.js";
import type { Seal } from "./day/seal.js";
import { readLog, type Signed } from "./log/read-log.js";
import { watchReceipts } from "./log/receipts.js";
import type { Key } from "./notes/key.js";
import { readSigned } from "./notes/read-signed.js";
import { OfAnotherDay, openReceipt, type Receipt } from "./notes/receipt.js";
import { createDayState } from "./replay/state.js";
import { type Report, Wrong } from "./report.js";
import { createRolls, dayKeyOf } from "./rules/rolls.js";
import type { Source } from "./source.js";

export type Asked = {
  key: string | undefined;
  namesKey: string | undefined;
  /** a file, a user a line: all who may have drawn */
  users: string | undefined;
  receipts: { file: string; json: string }[];
  /** files of receipts whose day is still looked for, where there are several days; undefined: all are of this day */
  unplaced?: Set<string>;
};

/** Told while logs are read: lines so far, and in all where that is known. */
export type OnProgress = (lines: number, all: number | undefined) => void;

/** Checks a day, and puts what it finds into the report. */
export async function verifyDay(
  source: Source,
  asked: Asked,
  report: Report,
  onProgress: OnProgress,
): Promise<Checked | undefined> {
  const opened = await openDay(source, asked.key, report);
  if (!opened) return undefined;
  const { seal, keys, close, randomness } = opened;
  const isClosed = close !== undefined;
  const namesKey = await readNames(source, seal, asked.namesKey, report);
  const names = createNames(seal, namesKey);
  if (asked.users !== undefined)
    await addUsers(asked.users, names, seal, namesKey);
  const isKeyKnown = close !== undefined && randomness !== undefined;
  const key = (text: string) =>
    createRolls(
      close && isKeyKnown ? dayKeyOf(close.seed, seal, text) : NO_KEY,
    );
  const day = createDayState({
    seal,
    rolls: { used: key(randomness ?? ""), missing: key("") },
    isKeyKnown,
    moments: await openMoments(source, isClosed, report),
    names,
  });
  const receipts = openReceipts(asked, keys, seal, report);
  const signed: Signed[][] = [];
  for (let shard = 0; shard < seal.shards; shard += 1) {
    const its = await readSigned(source, { shard, seal, keys, close }, report);
    for (const { file, checkpoint, shard: of } of receipts) {
      if (checkpoint && of === shard)
        its.push({ ...checkpoint, file, line: 1 });
    }
    signed.push(its.sort((a, b) => a.size - b.size));
  }
  const ends = signed.map((list) => list.at(-1)?.size ?? 0);
  const all = isClosed ? ends.reduce((sum, n) => sum + n, 0) : undefined;
  let isWhole = true;
  for (const [shard, list] of signed.entries()) {
    const file = `log-${shard}.tsv`;
    const chunks = await source.open(file);
    if (!chunks && list.some(({ size }) => size > 0)) {
      report.wrong(`${file} is missing, and lines of it were signed`, { file });
      isWhole = false;
      continue;
    }
    const isRight = await readLog(day, {
      shard,
      chunks: chunks ?? nothing(),
      signed: list,
      receipts: watchReceipts(
        receipts.filter((it) => it.shard === shard),
        report,
      ),
      isClosed,
      report,
      onLine: () => onProgress(day.tally.lines, all),
    });
    isWhole &&= isRight;
  }
  if (close) compareWithClose(day, close, isWhole, report);
  conclude(day, { isClosed, isWhole, isNamed: namesKey !== undefined }, report);
  return { seal, close, units: unitsOf(day.prizes, day.wins) };
}

/** For days whose key is not known: it makes keys of draws, and nobody can choose names that meet by it but to their own harm. */
const NO_KEY = new Uint8Array(32);

async function* nothing(): AsyncIterable<Uint8Array> {}

function openReceipts(
  { receipts, unplaced }: Asked,
  keys: Key[],
  seal: Seal,
  report: Report,
): Receipt[] {
  return receipts.flatMap(({ file, json }) => {
    try {
      const receipt = openReceipt(file, json, keys, seal);
      unplaced?.delete(file);
      return [receipt];
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      if (unplaced && error instanceof OfAnotherDay) return [];
      unplaced?.delete(file);
      report.wrong(`this receipt does not hold: ${error.message}`, { file });
      return [];
    }
  });
}
