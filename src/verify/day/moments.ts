import { createHash, type Hash } from "node:crypto";
import { Wrong } from "../report.js";

export type Moment = { id: string; prize: string; at: number };

/** Reads `moments.tsv`: lists of moments by their hashes. */
export function readMoments(text: string): Map<string, Moment[]> {
  const file = "moments.tsv";
  const lists = new Map<string, { moments: Moment[]; hash: Hash }>();
  const lines = text.split("\n");
  if (lines.pop() !== "") {
    throw new Wrong("the last line does not end", {
      file,
      line: lines.length + 1,
    });
  }
  for (const [n, line] of lines.entries()) {
    const place = { file, line: n + 1 };
    const [, hash, id = "", prize = "", at] =
      /^([0-9a-f]{64})\t(\d{1,19})\t([^\t]+)\t(\d{1,15})$/.exec(line) ?? [];
    if (!hash) throw new Wrong("this is no moment", place);
    const list = lists.get(hash) ?? { moments: [], hash: createHash("sha256") };
    lists.set(hash, list);
    const moment = { id, prize, at: Number(at) };
    const before = list.moments.at(-1);
    if (before && !isBefore(before, moment)) {
      throw new Wrong("this moment is not behind the one before", place);
    }
    list.moments.push(moment);
    list.hash.update(`${id}\t${prize}\t${at}\n`);
  }
  for (const [name, { hash }] of lists) {
    const made = hash.digest("hex");
    if (made !== name) {
      throw new Wrong(`the moments of ${name} have the hash ${made}`, { file });
    }
  }
  return new Map([...lists].map(([hash, { moments }]) => [hash, moments]));
}

const isBefore = (one: Moment, other: Moment): boolean =>
  one.at < other.at ||
  (one.at === other.at && BigInt(one.id) < BigInt(other.id));
