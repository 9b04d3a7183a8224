import type { Close } from "../day/close.js";
import type { Seal } from "../day/seal.js";
import type { Signed } from "../log/read-log.js";
import { many, type Report, Wrong } from "../report.js";
import type { Source } from "../source.js";
import { openCheckpoint } from "./checkpoint.js";
import { readCheckpoints } from "./checkpoints.js";
import type { Key } from "./key.js";

type Given = {
  shard: number;
  seal: Seal;
  keys: Key[];
  close: Close | undefined;
};

/** All roots that were signed of a log, the smallest size first: checkpoints, the newest, the close. */
export async function readSigned(
  source: Source,
  { shard, seal, keys, close }: Given,
  report: Report,
): Promise<Signed[]> {
  const path = `${seal.campaign}/${seal.day}/${shard}`;
  const file = `checkpoints-${shard}.txt`;
  const signed: Signed[] = [];
  const chunks = await source.open(file);
  try {
    const placed = chunks
      ? await readCheckpoints(file, chunks, { keys, path })
      : [];
    for (const one of placed) signed.push({ ...one, file });
    if (chunks)
      report.held(
        `${many(placed.length, "checkpoint")} of shard ${shard} ${placed.length === 1 ? "is signed" : "are signed, and their sizes rise"}.`,
      );
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    report.wrong(error.message, error.place);
  }
  const newest = await source.text(`checkpoint-${shard}.note`);
  if (newest !== undefined) {
    report.check(() => {
      const checkpoint = openCheckpoint(newest, keys, path);
      signed.push({ ...checkpoint, file: `checkpoint-${shard}.note`, line: 1 });
      return undefined;
    }, `checkpoint-${shard}.note`);
  }
  if (!chunks && (close?.trees[shard]?.size ?? 0) > 0) {
    report.wrong(
      "the checkpoints of a closed day are missing: what was signed during the day can't be compared with its log",
      { file },
    );
  }
  const tree = close?.trees[shard];
  if (tree) signed.push({ ...tree, file: "close.note", line: 1 });
  const isUnsigned = !tree && signed.length === 0;
  if (isUnsigned)
    report.waits(`For a checkpoint of shard ${shard}: there is none yet.`);
  return signed.sort((a, b) => a.size - b.size);
}
