import { hmac, noteOf, pathOf, rootOf, sha256, signer } from "./notes.js";
import type { Play } from "./play.js";
import { PROOF_KEY, secretsOf } from "./rules.js";

export const NAME = "lucky-draw";
export const SIGNER = signer(NAME, hmac(PROOF_KEY, "lucky-draw/v1/sign"));

/** All of a day before it is signed and hashed: a test may change any of it, as whoever runs the draws could. */
export type Draft = {
  seal: Record<string, unknown>;
  logs: string[][];
  moments: string[];
  close: Record<string, unknown>;
  /** sizes at which each log was signed */
  checkpoints: number[][];
};

/** What the lines of the logs sum up to. */
export function countsOf(logs: string[][]): {
  draws: number;
  wins: Record<string, number>;
} {
  const wins: Record<string, number> = Object.create(null);
  let draws = 0;
  for (const lines of logs) {
    const voided = new Set<string>();
    for (const line of lines) {
      const [, , kind, seq = ""] = line.split("\t");
      if (kind === "V") voided.add(seq);
    }
    for (const line of lines) {
      const [seq = "", , kind, , , c = "", d = ""] = line.split("\t");
      if ((kind !== "D" && kind !== "R") || voided.has(seq)) continue;
      if (kind === "D") draws += 1;
      const [prize = ""] = (kind === "D" ? d : c).split(":");
      if (prize !== "-") wins[prize] = (wins[prize] ?? 0) + 1;
    }
  }
  return { draws, wins };
}

export const treesOf = (logs: string[][]) =>
  logs.map((lines) => ({
    size: lines.length,
    root: rootOf(lines).toString("base64"),
  }));

export function checkpointOf(
  draft: Draft,
  shard: number,
  size: number,
): string {
  const { campaign, day } = draft.seal;
  const root = rootOf((draft.logs[shard] ?? []).slice(0, size)).toString(
    "base64",
  );
  return noteOf(
    `${NAME}/${campaign}/${day}/${shard}\n${size}\n${root}\n`,
    SIGNER,
  );
}

/** The receipt of the line at a place of a log, of a batch of so many lines from `first` on. */
export function receiptOf(
  draft: Draft,
  shard: number,
  first: number,
  count: number,
  place: number,
) {
  const lines = (draft.logs[shard] ?? []).slice(first, first + count);
  const seq = lines[0]?.split("\t")[0];
  const { campaign, day } = draft.seal;
  const root = rootOf(lines).toString("base64");
  const text = `lucky-draw-receipt\n${campaign}\n${day}\n${shard}\n${seq}\n${count}\n${root}\n`;
  const index = place - first;
  return {
    line: lines[index] ?? "",
    index,
    path: pathOf(lines, index),
    note: noteOf(text, SIGNER),
  };
}

/** A draft of what was played. `every`: lines from one checkpoint to the next. */
export function draftOf(
  play: Play,
  seal: Record<string, unknown>,
  every = 25,
): Draft {
  const { logs, lists, options } = play;
  const { seed } = secretsOf(options.campaign, options.day);
  return {
    seal,
    logs,
    moments: [...lists].flatMap(([hash, list]) =>
      list.map(({ id, prize, at }) => `${hash}\t${id}\t${prize}\t${at}`),
    ),
    close: {
      v: 1,
      campaign: options.campaign,
      day: options.day,
      seed: seed.toString("hex"),
      beacon_signature: options.isBeaconMissing ? null : options.signature,
    },
    checkpoints: logs.map((lines) =>
      Array.from({ length: Math.ceil(lines.length / every) }, (_, n) =>
        Math.min((n + 1) * every, lines.length),
      ),
    ),
  };
}

/** The files of a day, rightly signed and hashed whatever the draft says. An open day has no close and no moments yet. */
export function filesOf(
  draft: Draft,
  { isOpen = false } = {},
): Record<string, string> {
  const files: Record<string, string> = {
    "key.txt": `${SIGNER.vkey}\n`,
    "seal.note": noteOf(`${JSON.stringify(draft.seal)}\n`, SIGNER),
  };
  for (const [shard, lines] of draft.logs.entries()) {
    const sizes = (draft.checkpoints[shard] ?? []).filter(
      (size) => size <= lines.length,
    );
    const notes = sizes.map((size) => checkpointOf(draft, shard, size));
    files[`log-${shard}.tsv`] = lines.map((line) => `${line}\n`).join("");
    files[`checkpoints-${shard}.txt`] = notes
      .map((note) => `${note}\n`)
      .join("");
    const last = notes.at(-1);
    if (last) files[`checkpoint-${shard}.note`] = last;
  }
  if (isOpen) return files;
  const close = {
    ...draft.close,
    ...countsOf(draft.logs),
    trees: treesOf(draft.logs),
  };
  files["close.note"] = noteOf(
    `${JSON.stringify({ ...close, ...draft.close })}\n`,
    SIGNER,
  );
  if (draft.moments.length > 0) {
    files["moments.tsv"] = draft.moments.map((line) => `${line}\n`).join("");
  }
  return files;
}

export const hashOfMoments = (lines: string[]): string =>
  sha256(lines.map((line) => `${line}\n`).join("")).toString("hex");
