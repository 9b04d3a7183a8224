import { isCount, isText, listOf, parseShaped } from "../json.js";
import { Wrong } from "../report.js";
import { inBase64, leafOf, rootByPath } from "../tree.js";
import { type Checkpoint, openCheckpoint } from "./checkpoint.js";
import type { Key } from "./key.js";
import { openNote } from "./note.js";

/** What somebody kept of a draw, and where its line must be. */
export type Receipt = {
  file: string;
  line: string;
  shard: number;
  seq: number;
  /** the lines of its batch, and their root */
  batch: { first: number; count: number; root: string } | undefined;
  /** of a proof: what was signed of the log then */
  checkpoint: Checkpoint | undefined;
};

/** A receipt that may hold, but not here. */
export class OfAnotherDay extends Wrong {}

const PROOF = { line: isText, index: isCount, path: listOf(isText) };
const isHashText = (text: string) => /^[0-9a-f]{64}$/.test(text);

/** Reads a receipt, a proof, or an answer that has one; checks its signature and its path. */
export function openReceipt(
  file: string,
  json: string,
  keys: Key[],
  day: { campaign: string; day: string; shards: number },
): Receipt {
  const kept = withoutAnswer(json);
  const isProof = kept.includes('"checkpoint"');
  const { line, index, path, ...rest } = isProof
    ? parseShaped(kept, { ...PROOF, checkpoint: isText })
    : parseShaped(kept, { ...PROOF, note: isText });
  if (!path.every(isHashText))
    throw new Wrong("its path is not made of hashes");
  const seq = Number(line.split("\t")[0]);
  const opened =
    "checkpoint" in rest
      ? ofCheckpoint(rest.checkpoint, keys, day)
      : ofBatch(rest.note, keys, day);
  const { batch } = opened;
  if (batch && seq !== batch.first + index) {
    throw new Wrong(
      `its line has seq ${seq}, and should have ${batch.first + index}`,
    );
  }
  const root = rootByPath(leafOf(Buffer.from(line)), {
    index,
    size: opened.size,
    path: path.map((hash) => Buffer.from(hash, "hex").toString("latin1")),
  });
  if (root === undefined || inBase64(root) !== opened.root) {
    throw new Wrong(
      "its line is not what was signed: the path leads to another root",
    );
  }
  const { shard, checkpoint } = opened;
  return { file, line, shard, seq, batch, checkpoint };
}

function withoutAnswer(json: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Wrong("it is not JSON");
  }
  const { receipt, proof, data } = (value ?? {}) as Record<string, unknown>;
  const found = receipt ?? proof ?? data ?? value;
  return JSON.stringify(found);
}

type Opened = {
  shard: number;
  size: number;
  root: string;
  batch: Receipt["batch"];
  checkpoint: Receipt["checkpoint"];
};

function ofBatch(
  note: string,
  keys: Key[],
  { campaign, day, shards }: { campaign: string; day: string; shards: number },
): Opened {
  const lines = note.slice(0, note.lastIndexOf("\n\n") + 1).split("\n");
  const [title, ofCampaign, ofDay, shard, first, count, root = "", end] = lines;
  if (title !== "lucky-draw-receipt" || end !== "" || lines.length !== 8) {
    throw new Wrong("its note is not that of a receipt");
  }
  if (ofCampaign !== campaign || ofDay !== day || Number(shard) >= shards) {
    throw new OfAnotherDay(
      `it is of ${ofCampaign}, ${ofDay}, shard ${shard}, which is not this day`,
    );
  }
  openNote(note, keys);
  const batch = { first: numberOf(first), count: numberOf(count), root };
  const size = batch.count;
  return { shard: numberOf(shard), size, root, batch, checkpoint: undefined };
}

/** What looks like another number, or like none, would be looked for in no log. */
function numberOf(text = ""): number {
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) {
    throw new Wrong(`its note has ${JSON.stringify(text)} where a number is`);
  }
  return Number(text);
}

function ofCheckpoint(
  note: string,
  keys: Key[],
  { campaign, day, shards }: { campaign: string; day: string; shards: number },
): Opened {
  for (let shard = 0; shard < shards; shard += 1) {
    const path = `${campaign}/${day}/${shard}`;
    if (!note.split("\n", 1)[0]?.endsWith(`/${path}`)) continue;
    const checkpoint = openCheckpoint(note, keys, path);
    return { shard, ...checkpoint, batch: undefined, checkpoint };
  }
  throw new OfAnotherDay("its checkpoint is not one of this day");
}
