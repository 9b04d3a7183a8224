import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
} from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Sql } from "postgres";

// A day as src/verify/README.md has it, by code of its own: nothing of src is called.

export const PROOF_KEY = "0a".repeat(32);

const sha = (...parts: (string | Buffer)[]) =>
  createHash("sha256")
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();
const hmac = (key: string | Buffer, text: string) =>
  createHmac("sha256", key).update(text).digest();

const [LEAF, NODE] = [Buffer.of(0), Buffer.of(1)];

/** The root of RFC 9162, 2.1.1, word for word. */
export function rootOf(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return sha("");
  if (leaves.length === 1) return leaves[0] as Buffer;
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha(NODE, rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

export const leafOf = (line: string) => sha(LEAF, line);

/** The root that an inclusion path leads to: RFC 9162, 2.1.3.2, word for word. */
export function rootOfPath(
  line: string,
  index: number,
  size: number,
  path: string[],
): string {
  let [fn, sn, r] = [index, size - 1, leafOf(line)];
  for (const hex of path) {
    const p = Buffer.from(hex, "hex");
    if (sn === 0) throw new Error("the path is too long");
    if (fn % 2 === 1 || fn === sn) {
      r = sha(NODE, p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else r = sha(NODE, r, p);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  if (sn !== 0) throw new Error("the path is too short");
  return r.toString("base64");
}

/** Signs notes in the name `lucky-draw`. */
export function signerOf(proofKey: string, name = "lucky-draw") {
  const seed = hmac(Buffer.from(proofKey, "hex"), "lucky-draw/v1/sign");
  const head = Buffer.from("302e020100300506032b657004220420", "hex");
  const key = createPrivateKey({
    key: Buffer.concat([head, seed]),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey(key)
    .export({ format: "der", type: "spki" })
    .subarray(-32);
  const id = sha(`${name}\n`, Buffer.of(1), publicKey).subarray(0, 4);
  const encoded = Buffer.concat([Buffer.of(1), publicKey]).toString("base64");
  return {
    key_text: `${name}+${id.toString("hex")}+${encoded}\n`,
    note: (text: string) => {
      const signature = Buffer.concat([id, sign(null, Buffer.from(text), key)]);
      return `${text}\n— ${name} ${signature.toString("base64")}\n`;
    },
  };
}

export type ProofDay = {
  campaign: string;
  day: string;
  /** a day is closed once it is over */
  closed: boolean;
  /** of each shard */
  logs: string[][];
  names?: "sealed" | "open";
  /** lines of a chunk */
  perChunk?: number;
  /** gzip members as some program makes them; default: those of another library call */
  pack?: (text: Buffer) => Buffer | Promise<Buffer>;
  moments?: { hash: string; moments: string }[];
  proofKey?: string;
  beacon?: object | null;
};

/** Writes the rows of a day, and returns what is published of it. */
export async function keepDay(sql: Sql, of: ProofDay) {
  const { campaign, day, closed, logs, names = "sealed", perChunk = 300 } = of;
  const { pack = gzipSync, moments = [], proofKey = PROOF_KEY } = of;
  const signer = signerOf(proofKey);
  const { seed, names_key } = secretsOf(proofKey, campaign, day);
  const begins_at = Date.parse(`${day}T00:00:00Z`);
  const seal = signer.note(
    `${JSON.stringify({
      ...{ v: 1, campaign, day, time_zone: "UTC" },
      ...{ begins_at, ends_at: begins_at + 86_400_000 },
      seed_hash: sha(seed).toString("hex"),
      names,
      names_hash: names === "open" ? null : sha(names_key).toString("hex"),
      beacon: of.beacon ?? null,
      shards: logs.length,
      engine_hash: sha("draw.lua").toString("hex"),
      previous: null,
      sealed_at: begins_at - 86_400_000,
    })}\n`,
  );
  await sql`
    insert into proof_day (campaign_id, draw_date, seal, ends_at, shards, key_text)
    values (${campaign}, ${day}, ${seal}, ${new Date(begins_at + 86_400_000)}, ${logs.length}, ${signer.key_text})`;
  const kept = [];
  for (const [shard, lines] of logs.entries()) {
    const origin = `lucky-draw/${campaign}/${day}/${shard}`;
    kept.push(
      await keepLog(
        sql,
        { ...of, perChunk, pack, lines, shard, origin },
        signer.note,
      ),
    );
  }
  for (const list of moments) {
    await sql`insert into proof_moments ${sql({ campaign_id: campaign, draw_date: day, ...list })}`;
  }
  const decided = logs.flat().map((line) => line.split("\t"));
  const wins: Record<string, number> = {};
  for (const { 2: kind, 6: outcome = "-" } of decided) {
    const [prize = "", unit] = outcome.split(":");
    if (kind === "D" && unit) wins[prize] = (wins[prize] ?? 0) + 1;
  }
  const close = signer.note(
    `${JSON.stringify({
      ...{ v: 1, campaign, day },
      seed: seed.toString("hex"),
      beacon_signature: null,
      draws: decided.filter(({ 2: kind }) => kind === "D").length,
      wins,
      trees: kept.map(({ size, root }) => ({ size, root })),
    })}\n`,
  );
  if (closed) {
    await sql`update proof_day set close = ${close} where campaign_id = ${campaign} and draw_date = ${day}`;
  }
  return { seal, close, key_text: signer.key_text, names_key, logs: kept };
}

type LogToKeep = ProofDay & {
  lines: string[];
  shard: number;
  origin: string;
  perChunk: number;
  pack: NonNullable<ProofDay["pack"]>;
};

async function keepLog(
  sql: Sql,
  of: LogToKeep,
  note: (text: string) => string,
) {
  const { campaign, day, lines, shard, origin, perChunk, pack } = of;
  const place = { campaign_id: campaign, draw_date: day, shard };
  const leaves = lines.map(leafOf);
  const checkpoints: string[] = [];
  let bytes = 0;
  const rows = [];
  for (let first = 0; first < lines.length; first += perChunk) {
    const part = lines.slice(first, first + perChunk);
    const end = first + part.length;
    const text = Buffer.from(`${part.join("\n")}\n`);
    const root = rootOf(leaves.slice(0, end)).toString("base64");
    const checkpoint = note(`${origin}\n${end}\n${root}\n`);
    checkpoints.push(checkpoint);
    const blocks: Buffer[] = [];
    for (let at = 256 * Math.floor(first / 256) + 256; at <= end; at += 256) {
      if (at > first) blocks.push(rootOf(leaves.slice(at - 256, at)));
    }
    rows.push({
      ...place,
      first_index: first,
      first_seq: Number(part[0]?.split("\t")[0]),
      lines: part.length,
      first_byte: bytes,
      bytes: text.length,
      packed: await pack(text),
      blocks: Buffer.concat(blocks),
      checkpoint,
    });
    bytes += text.length;
  }
  for (const row of rows) await sql`insert into proof_chunk ${sql(row)}`;
  const size = lines.length;
  const next_seq = Number(lines.at(-1)?.split("\t")[0] ?? -1) + 1;
  await sql`
    insert into proof_log ${sql({ ...place, begun_in: "test", size, next_seq, bytes, checkpoint: checkpoints.at(-1) ?? null, closed: of.closed })}`;
  const wins = lines.flatMap((line) => {
    const [seq = "", , kind, p = "", , , outcome = "-"] = line.split("\t");
    const [prize_id = "", unit] = outcome.split(":");
    return kind === "D" && unit ? [{ ...place, seq, prize_id, unit, p }] : [];
  });
  if (wins.length > 0) await sql`insert into proof_win ${sql(wins)}`;
  const root = rootOf(leaves).toString("base64");
  return {
    size,
    root,
    bytes,
    checkpoints,
    text: lines.map((it) => `${it}\n`).join(""),
  };
}

export function secretsOf(proofKey: string, campaign: string, day: string) {
  const key = Buffer.from(proofKey, "hex");
  const of = (what: string) =>
    hmac(key, `lucky-draw/v1/${what}\n${campaign}\n${day}`);
  return { seed: of("seed"), names_key: of("names") };
}

/** A log of one shard with sealed names in which so many users draw once each, by these odds without quotas. */
export function drawnLines(
  {
    campaign,
    day,
    proofKey = PROOF_KEY,
  }: { campaign: string; day: string; proofKey?: string },
  {
    draws,
    odds,
    first = 0,
  }: { draws: number; odds: Record<string, number>; first?: number },
): string[] {
  const { seed, names_key } = secretsOf(proofKey, campaign, day);
  const dayKey = hmac(seed, `lucky-draw/v1/day\n${campaign}\n${day}\n`);
  let odds_to = 0;
  const prizes = Object.entries(odds).map(([id, probability]) => {
    odds_to += Math.round(probability * 1e9);
    const quotas = { daily_quota: null, total_quota: null };
    return {
      id,
      odds_to,
      ...quotas,
      fallback: false,
      moments: false,
      release: null,
    };
  });
  const rules = {
    starts_at: null,
    ends_at: null,
    draws_per_day: 1,
    wins_per_user: null,
    inactive: false,
  };
  const before = {
    beacon: null,
    taken: {},
    taken_today: {},
    spare: {},
    moments: null,
    claimed: [],
    draws: { ever: 0, today: 0 },
  };
  const at = Date.parse(`${day}T09:00:00Z`);
  const lines = [
    `${first}\t${at}\tT\t7\t${JSON.stringify({ prizes, rules, ...before })}`,
  ];
  const units = new Map<string, number>();
  for (let n = 1; n <= draws; n += 1) {
    const p = hmac(names_key, `user ${n}`).subarray(0, 16).toString("hex");
    const roll = rollOf(dayKey, p, 1);
    const prize = prizes.find((it) => roll < it.odds_to)?.id;
    const unit = (units.get(prize ?? "") ?? 0) + 1;
    if (prize) units.set(prize, unit);
    const outcome = prize ? `${prize}:${unit}:${unit}` : "-";
    lines.push(`${first + n}\t${at + n}\tD\t${p}\t1\t${roll}\t${outcome}\t`);
  }
  return lines;
}

export function rollOf(dayKey: Buffer, p: string, drawNo: number): number {
  for (let n = 0; ; n += 1) {
    const h = hmac(dayKey, `${p}\n${drawNo}\n${n}`);
    for (let word = 0; word < 8; word += 1) {
      const roll = h.readUInt32BE(4 * word) >>> 2;
      if (roll < 1_000_000_000) return roll;
    }
  }
}
