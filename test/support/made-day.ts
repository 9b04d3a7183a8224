import {
  hmac,
  noteOf,
  pathOf,
  rootOf,
  type Signer,
  sha256,
  signer,
} from "./proof/notes.js";
import {
  dayKeyOf,
  type MomentOf,
  type Numbers,
  nextNumber,
  type PrizeRule,
  released,
  rollOf,
  secretsOf,
  takeNumber,
} from "./proof/rules.js";
import { countsOf } from "./proof/write.js";

// A day on which everybody draws once, on one shard, of any length: for a page that shows one. proof-day.ts has everything in it.

export const SIGNER = signer("lucky-draw", Buffer.alloc(32, 7));

export const prizeOf = (id: string, odds_to: number, more = {}): PrizeRule => ({
  id,
  odds_to,
  daily_quota: null,
  total_quota: null,
  fallback: false,
  moments: false,
  release: null,
  ...more,
});

/** Everything about a day but its lines. */
export function planDay({
  campaign = "default",
  day = "2026-11-28",
  names = "sealed",
  moments = [],
  beacon = null,
  ...options
}: {
  campaign?: string;
  day?: string;
  names?: "sealed" | "open";
  people: number;
  prizes: PrizeRule[];
  moments?: MomentOf[];
  /** signature of its round, in hex */
  beacon?: string | null;
}) {
  const begins_at = Date.parse(`${day}T00:00:00Z`);
  const { seed, namesKey } = secretsOf(campaign, day);
  const dayKey = dayKeyOf(campaign, day, beacon);
  const list = moments.map(({ id, prize, at }) => `${id}\t${prize}\t${at}\n`);
  return {
    ...{ campaign, day, names, moments, beacon, ...options },
    ...{ begins_at, ends_at: begins_at + 86_400_000, seed, namesKey, list },
    momentsHash: sha256(list.join("")).toString("hex"),
    pOf: (user: string) =>
      names === "open"
        ? Buffer.from(user).toString("base64url")
        : hmac(namesKey, user).subarray(0, 16).toString("hex"),
    rollOf: (p: string, drawNo: number) => rollOf(dayKey, p, drawNo),
  };
}

export type Plan = ReturnType<typeof planDay>;

/** A T line; `more` is what it says otherwise. */
export function tableLine(plan: Plan, seq: number, at: number, more = {}) {
  const rules = { starts_at: null, ends_at: null, inactive: false };
  const json = {
    prizes: plan.prizes,
    rules: { ...rules, draws_per_day: 1, wins_per_user: null },
    beacon: plan.beacon ? "used" : null,
    taken: {},
    taken_today: {},
    spare: {},
    moments: plan.moments.length > 0 ? plan.momentsHash : null,
    claimed: [],
    draws: { ever: 0, today: 0 },
    ...more,
  };
  return `${seq}\t${at}\tT\t1\t${JSON.stringify(json)}`;
}

/** The lines of a day on which everybody draws once, spread over the day. */
export function linesOf(plan: Plan): string[] {
  const { prizes, people, begins_at } = plan;
  const pools = new Map<string, Numbers>();
  const open = [...plan.moments];
  const lines = [tableLine(plan, 0, begins_at)];
  const step = Math.floor(86_000_000 / people);
  for (let n = 1; n <= people; n += 1) {
    const at = begins_at + n * step;
    const p = plan.pOf(`user-${n}`);
    const roll = plan.rollOf(p, 1);
    /** Ever and today are the same on a campaign's first day. */
    const take = (prize: PrizeRule | undefined): string | undefined => {
      if (!prize) return undefined;
      const pool = pools.get(prize.id) ?? { counter: 0, spare: [], held: [] };
      pools.set(prize.id, pool);
      const total = prize.total_quota ?? Number.POSITIVE_INFINITY;
      const most = Math.min(total, released(prize, at));
      const unit = nextNumber(pool, most, false);
      if (unit === undefined) return undefined;
      takeNumber(pool, unit, false);
      return `${prize.id}:${unit}:${unit}`;
    };
    let [outcome, how]: [string | undefined, string] = [undefined, "moment"];
    for (const moment of open.filter((it) => it.at <= at)) {
      outcome ??= take(prizes.find(({ id }) => id === moment.prize));
      if (outcome) open.splice(open.indexOf(moment), 1);
      if (outcome) break;
    }
    if (!outcome) {
      outcome = take(prizes.find(({ odds_to }) => roll < odds_to));
      how = "";
    }
    if (!outcome) {
      outcome = take(prizes.find(({ fallback }) => fallback));
      how = outcome ? "fallback" : "";
    }
    lines.push(`${n}\t${at}\tD\t${p}\t1\t${roll}\t${outcome ?? "-"}\t${how}`);
  }
  return lines;
}

/** The files of a day, by their names, signed over the lines as they stand. `seal` and `close` change what these say. */
export function filesOf(
  plan: Plan,
  lines: string[],
  { by = SIGNER, close = {}, seal = {}, isClosed = true } = {},
): Map<string, string> {
  const { campaign, day, names, begins_at, ends_at } = plan;
  const hash = (bytes: Buffer) => sha256(bytes).toString("hex");
  const note = (json: unknown) => noteOf(`${JSON.stringify(json)}\n`, by);
  const root = (size: number) =>
    rootOf(lines.slice(0, size)).toString("base64");
  const sizes = [Math.ceil(lines.length / 3), lines.length];
  const checkpoints = [...new Set(sizes)].map((size) =>
    noteOf(`${by.name}/${campaign}/${day}/0\n${size}\n${root(size)}\n`, by),
  );
  const fixed = {
    ...{ v: 1, campaign, day, time_zone: "UTC", begins_at, ends_at },
    seed_hash: hash(plan.seed),
    names,
    names_hash: names === "open" ? null : hash(plan.namesKey),
    beacon: plan.beacon ? { round: 1_234 } : null,
    shards: 1,
    engine_hash: hash(Buffer.from("draw.lua")),
    previous: null,
    sealed_at: begins_at - 3_600_000,
  };
  const files = new Map([
    ["key.txt", `${by.vkey}\n`],
    ["seal.note", note({ ...fixed, ...seal })],
    ["log-0.tsv", lines.map((line) => `${line}\n`).join("")],
    ["checkpoint-0.note", checkpoints.at(-1) ?? ""],
    ["checkpoints-0.txt", checkpoints.map((it) => `${it}\n`).join("")],
  ]);
  if (!isClosed) return files;
  const opened = {
    ...{ v: 1, campaign, day, seed: plan.seed.toString("hex") },
    beacon_signature: plan.beacon,
    ...countsOf([lines]),
    trees: [{ size: lines.length, root: root(lines.length) }],
  };
  files.set("close.note", note({ ...opened, ...close }));
  if (plan.list.length > 0) {
    const rows = plan.list.map((line) => `${plan.momentsHash}\t${line}`);
    files.set("moments.tsv", rows.join(""));
  }
  return files;
}

/** The receipt of a line that was decided together with those around it. */
export function receiptOf(
  { campaign, day }: Plan,
  lines: string[],
  at: number,
  by: Signer = SIGNER,
) {
  const first = Math.max(0, at - 3);
  const batch = lines.slice(first, at + 2);
  const root = rootOf(batch).toString("base64");
  const text = `lucky-draw-receipt\n${campaign}\n${day}\n0\n${first}\n${batch.length}\n${root}\n`;
  const index = at - first;
  return {
    line: lines[at] ?? "",
    index,
    path: pathOf(batch, index),
    note: noteOf(text, by),
  };
}
