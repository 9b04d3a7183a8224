import type { Asked } from "../../../src/verify/verify-day.js";
import { pathOf } from "../../support/proof/notes.js";
import { checkpointOf } from "../../support/proof/write.js";
import type { Draft } from "../../support/proof-day.js";

/** Something that is changed in a day, and the sentence that must be said of it. */
export type Case = {
  name: string;
  day?: string;
  /** before the day is hashed and signed; returns where it must be found */
  change?: (draft: Draft) => string | undefined;
  /** after that */
  files?: (files: Record<string, string>, draft: Draft) => string | undefined;
  isOpen?: boolean;
  asked?: (draft: Draft) => Partial<Asked>;
  says: RegExp;
};

type Fields = string[];
export const logOf = (draft: Draft, shard = 0): string[] =>
  draft.logs[shard] ?? [];
export const fieldsOf = (line: string | undefined): Fields =>
  (line ?? "").split("\t");

/** Where the first line is that is so, from a place on. */
export function find(
  draft: Draft,
  test: (fields: Fields) => boolean,
  { shard = 0, from = 0 } = {},
): number {
  const at = logOf(draft, shard).findIndex(
    (line, n) => n >= from && test(fieldsOf(line)),
  );
  if (at < 0) throw new Error("the day has no such line");
  return at;
}
export const isKind = (kind: string) => (fields: Fields) => fields[2] === kind;
export const isWinOf = (prize: string) => (fields: Fields) =>
  fields[2] === "D" &&
  (fields[6] ?? "").startsWith(`${prize}:`) &&
  fields[7] === "";
export const isLoss = (fields: Fields) =>
  fields[2] === "D" && fields[6] === "-" && fields[7] === "";

/** Changes one line, and returns its place. */
export function edit(
  draft: Draft,
  at: number,
  change: (fields: Fields) => void,
  shard = 0,
): string {
  const log = logOf(draft, shard);
  const fields = fieldsOf(log[at]);
  change(fields);
  log[at] = fields.join("\t");
  return place(at, shard);
}

export const place = (at: number, shard = 0): string =>
  `log-${shard}.tsv:${at + 1}`;

/** The proof of a line of the first shard, by a checkpoint over fifty. */
export const proofOf = (draft: Draft, at: number) => ({
  line: logOf(draft)[at] ?? "",
  index: at,
  path: pathOf(logOf(draft).slice(0, 50), at),
  checkpoint: checkpointOf(draft, 0, 50),
});

/** Numbers all lines anew, as who slips one in or leaves one out would. */
export function renumber(draft: Draft, shard = 0): void {
  const log = logOf(draft, shard);
  const places = new Map(log.map((line, n) => [fieldsOf(line)[0], n]));
  for (const [n, line] of log.entries()) {
    const fields = fieldsOf(line);
    fields[0] = String(n);
    if (fields[2] === "V")
      fields[3] = String(places.get(fields[3]) ?? fields[3]);
    log[n] = fields.join("\t");
  }
}

/** Changes the JSON of the nth T line, and returns its place. */
export function editTable(
  draft: Draft,
  nth: number,
  // biome-ignore lint/suspicious/noExplicitAny: a test changes any of its fields
  change: (table: any) => void,
  shard = 0,
): string {
  let at = -1;
  for (let n = 0; n <= nth; n += 1)
    at = find(draft, isKind("T"), { shard, from: at + 1 });
  return edit(
    draft,
    at,
    (fields) => {
      const table = JSON.parse(fields[4] ?? "");
      change(table);
      fields[4] = JSON.stringify(table);
    },
    shard,
  );
}
