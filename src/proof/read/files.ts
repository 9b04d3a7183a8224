import type { Postgres } from "../../stores/postgres.js";
import { bytesOf, gzipOf } from "./chunks.js";
import type { Day } from "./days.js";
import { checkpointsOf, measureTexts, momentsOf } from "./texts.js";

type Content = AsyncIterable<Uint8Array | string>;

/** A file of a day, as src/verify/README.md has it. */
export type File = {
  name: string;
  /** what stays the same as long as its bytes do; null: to be read for it */
  state: string;
  /** null where they have to be counted */
  bytes: number | null;
  read(): Content;
  /** of a log: a part of it, and all of it packed with gzip */
  part?: (from: number, to: number) => Content;
  gzip?: () => Content;
};

const NAME =
  /^(?:(key)\.txt|(seal|close|checkpoint-(\d{1,2}))\.note|checkpoints-(\d{1,2})\.txt|log-(\d{1,2})\.tsv|(moments)\.tsv)$/;

/** A file of a day, or undefined where there is none of this name, or not yet. */
export function fileOf(
  postgres: Postgres,
  day: Day,
  name: string,
): File | undefined {
  const [, key, note, ofNote, ofNotes, ofLog, moments] = NAME.exec(name) ?? [];
  const shard = ofNote ?? ofNotes ?? ofLog;
  const log = shard === undefined ? undefined : day.logs[Number(shard)];
  if (shard !== undefined && (!log || String(log.shard) !== shard)) return;
  if (key) return text(name, day.key_text);
  if (note === "seal") return text(name, day.seal);
  if (note === "close") return day.close ? text(name, day.close) : undefined;
  if (ofNote) return log?.checkpoint ? text(name, log.checkpoint) : undefined;
  const state = `${log?.checkpoint} ${name}`;
  if (moments) {
    // Of a day that is not over they would tell when to draw.
    if (!day.close) return undefined;
    const read = () => momentsOf(postgres, day);
    return { name, state: day.close, bytes: null, read };
  }
  if (!log) return undefined;
  const { size, bytes } = log;
  const place = { campaign: day.campaign, day: day.day, shard: log.shard };
  if (ofNotes) {
    const read = () => checkpointsOf(postgres, place, size);
    return { name, state, bytes: null, read };
  }
  const part = (from: number, to: number) =>
    bytesOf(postgres, place, { size, from, to });
  const read = () => part(0, bytes);
  return {
    name,
    state,
    bytes,
    read,
    part,
    gzip: () => gzipOf(postgres, place, size),
  };
}

function text(name: string, content: string): File {
  async function* read() {
    yield content;
  }
  return { name, state: content, bytes: Buffer.byteLength(content), read };
}

const ABOUT = {
  key: "The key that signs the day.",
  seal: "What was fixed before the day.",
  log: "What was decided, a line each.",
  checkpoint: "The newest signed root of that log.",
  checkpoints: "All of them, the oldest first.",
  close: "The secret of the day, and its counts.",
  moments: "The moments that were in force.",
};

export type Listed = { name: string; bytes: number; about: string };

/** The files of a day that are there by now. Rejects with UNAVAILABLE. */
export async function listFiles(
  postgres: Postgres,
  day: Day,
): Promise<Listed[]> {
  const measured = await measureTexts(postgres, day);
  const shards = day.logs.map(({ shard }) => shard);
  const names = [
    ...["key.txt", "seal.note"],
    ...shards.flatMap((n) => [`log-${n}.tsv`, `checkpoint-${n}.note`]),
    ...shards.map((n) => `checkpoints-${n}.txt`),
    ...["close.note", "moments.tsv"],
  ];
  return names.flatMap((name) => {
    const file = fileOf(postgres, day, name);
    const [what = "", shard] = name.split(/[-.]/);
    if (!file || (what === "moments" && measured.moments === 0)) return [];
    const counted =
      what === "moments"
        ? measured.moments
        : (measured.checkpoints[Number(shard)] ?? 0);
    const about = ABOUT[what as keyof typeof ABOUT];
    return { name, bytes: file.bytes ?? counted, about };
  });
}
