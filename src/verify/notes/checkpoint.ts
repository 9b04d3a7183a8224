import { Wrong } from "../report.js";
import type { Key } from "./key.js";
import { openNote } from "./note.js";

/** What the operator signed of a log: its root at a size. */
export type Checkpoint = { size: number; root: string };

/** Reads a C2SP tlog-checkpoint of the log `path`, CAMPAIGN/DAY/SHARD. */
export function openCheckpoint(
  note: string,
  keys: Key[],
  path: string,
): Checkpoint {
  const { text, signers } = openNote(note, keys);
  const [origin = "", size = "", root = "", ...more] = text.split("\n");
  const known = signers.map(({ name }) => `${name}/${path}`);
  if (!known.includes(origin)) {
    throw new Wrong(
      `this checkpoint is of ${origin}, and should be of ${known[0]}`,
    );
  }
  if (!/^(0|[1-9]\d{0,14})$/.test(size) || !/^[A-Za-z0-9+/]{43}=$/.test(root)) {
    throw new Wrong("this checkpoint has no size or no root");
  }
  if (more.join("\n") !== "") {
    throw new Wrong("this checkpoint has more than its three lines");
  }
  return { size: Number(size), root };
}
