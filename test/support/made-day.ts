import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
} from "node:crypto";

// A day of a campaign that anybody can check, made without a server: its lines by a plain reading of the rules, and its files.

const sha256 = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hmac = (key: Uint8Array, text: string) =>
  createHmac("sha256", key).update(text).digest();

/** Who signs. */
export function createSigner(name = "lucky-draw", seed = 7) {
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  const key = createPrivateKey({
    key: Buffer.concat([prefix, Buffer.alloc(32, seed)]),
    format: "der",
    type: "pkcs8",
  });
  const raw = createPublicKey(key)
    .export({ format: "der", type: "spki" })
    .subarray(-32);
  const typed = Buffer.concat([Buffer.from([1]), raw]);
  const id = sha256(`${name}\n`, typed).subarray(0, 4);
  return {
    name,
    line: `${name}+${id.toString("hex")}+${typed.toString("base64")}`,
    note(text: string) {
      const signature = Buffer.concat([id, sign(null, Buffer.from(text), key)]);
      return `${text}\n— ${name} ${signature.toString("base64")}\n`;
    },
  };
}

/** The root over these lines, and how to come there from one of them: straight from RFC 9162. */
export function rootOf(lines: string[]): Buffer {
  const build = (from: number, to: number): Buffer => {
    if (to - from === 1) return sha256("\0", lines[from] as string);
    const middle = from + splitOf(to - from);
    return sha256("\x01", build(from, middle), build(middle, to));
  };
  return lines.length === 0 ? sha256("") : build(0, lines.length);
}

export function pathTo(lines: string[], index: number): string[] {
  if (lines.length <= 1) return [];
  const middle = splitOf(lines.length);
  const [left, right] = [lines.slice(0, middle), lines.slice(middle)];
  return index < middle
    ? [...pathTo(left, index), rootOf(right).toString("hex")]
    : [...pathTo(right, index - middle), rootOf(left).toString("hex")];
}

/** The greatest power of two below a count. */
const splitOf = (count: number) => 2 ** Math.ceil(Math.log2(count) - 1);

export type MadePrize = {
  id: string;
  odds_to: number;
  daily_quota: number | null;
  total_quota: number | null;
  fallback: boolean;
  moments: boolean;
  release: [number, number] | null;
};

export type DayOptions = {
  campaign?: string;
  day?: string;
  names?: "sealed" | "open";
  people: number;
  prizes: MadePrize[];
  winsPerUser?: number | null;
  moments?: { id: number; prize: string; at: number }[];
  /** signature of its round, in hex */
  beacon?: string | null;
};

export const prizeOf = (id: string, odds_to: number, more = {}): MadePrize => ({
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
export function planDay(options: DayOptions) {
  const {
    campaign = "default",
    day = "2026-11-28",
    names = "sealed",
  } = options;
  const begins_at = Date.parse(`${day}T00:00:00Z`);
  const seed = sha256(`seed of ${campaign} ${day}`);
  const randomness = options.beacon
    ? sha256(Buffer.from(options.beacon, "hex")).toString("hex")
    : "";
  const dayKey = hmac(
    seed,
    `lucky-draw/v1/day\n${campaign}\n${day}\n${randomness}`,
  );
  const namesKey = sha256("names");
  const moments = options.moments ?? [];
  const momentLines = moments.map((it) => `${it.id}\t${it.prize}\t${it.at}\n`);
  return {
    ...options,
    campaign,
    day,
    names,
    begins_at,
    ends_at: begins_at + 86_400_000,
    sealed_at: begins_at - 3_600_000,
    seed,
    namesKey,
    momentLines,
    momentsHash: sha256(momentLines.join("")).toString("hex"),
    pOf: (user: string) =>
      names === "open"
        ? Buffer.from(user).toString("base64url")
        : hmac(namesKey, user).subarray(0, 16).toString("hex"),
    rollOf(p: string, no: number) {
      for (let n = 0; ; n += 1) {
        const h = hmac(dayKey, `${p}\n${no}\n${n}`);
        for (let at = 0; at < 32; at += 4) {
          const roll = h.readUInt32BE(at) >>> 2;
          if (roll < 1_000_000_000) return roll;
        }
      }
    },
  };
}

export type Plan = ReturnType<typeof planDay>;

/** The T line of a plan, with what was taken before. */
export function tableLine(
  plan: Plan,
  seq: number,
  at: number,
  more = {},
): string {
  const json = {
    prizes: plan.prizes,
    rules: {
      starts_at: null,
      ends_at: null,
      draws_per_day: 1,
      wins_per_user: plan.winsPerUser ?? null,
      inactive: false,
    },
    beacon: plan.beacon ? "used" : null,
    taken: {},
    taken_today: {},
    moments: plan.moments?.length ? plan.momentsHash : null,
    draws: { ever: 0, today: 0 },
    ...more,
  };
  return `${seq}\t${at}\tT\t1\t${JSON.stringify(json)}`;
}

/** The lines of a day on which everybody draws once, spread over the day. */
export function linesOf(plan: Plan): string[] {
  const taken = new Map<string, number>();
  const open = [...(plan.moments ?? [])];
  const lines = [tableLine(plan, 0, plan.begins_at)];
  const step = Math.floor(86_000_000 / plan.people);
  for (let n = 1; n <= plan.people; n += 1) {
    const at = plan.begins_at + n * step;
    const p = plan.pOf(`user-${n}`);
    const roll = plan.rollOf(p, 1);
    const unitOf = (prize?: MadePrize) => {
      if (!prize) return undefined;
      const next = (taken.get(prize.id) ?? 0) + 1;
      const { daily_quota: daily, release, total_quota: total } = prize;
      const share = release
        ? Math.min(
            1,
            Math.max(0, (at - release[0]) / (release[1] - release[0])),
          )
        : 1;
      if (daily !== null && next > Math.floor(daily * share + 1e-9))
        return undefined;
      return total !== null && next > total ? undefined : { prize, next };
    };
    const due = open.find(
      (moment) =>
        moment.at <= at &&
        unitOf(plan.prizes.find(({ id }) => id === moment.prize)),
    );
    const byMoment =
      due && unitOf(plan.prizes.find(({ id }) => id === due.prize));
    const byRoll = unitOf(plan.prizes.find(({ odds_to }) => roll < odds_to));
    const byDefault = unitOf(plan.prizes.find(({ fallback }) => fallback));
    const given = byMoment ?? byRoll ?? byDefault;
    const how = byMoment ? "moment" : byRoll || !given ? "" : "fallback";
    if (due) open.splice(open.indexOf(due), 1);
    if (given) taken.set(given.prize.id, given.next);
    const outcome = given
      ? `${given.prize.id}:${given.next}:${given.next}`
      : "-";
    lines.push(`${n}\t${at}\tD\t${p}\t1\t${roll}\t${outcome}\t${how}`);
  }
  return lines;
}

/** Draws and wins of lines, with no line that voids one. */
function countsOf(lines: string[]) {
  const wins: Record<string, number> = {};
  let draws = 0;
  for (const line of lines) {
    const [, , kind, , , , outcome = "-"] = line.split("\t");
    if (kind !== "D") continue;
    draws += 1;
    const [prize = ""] = outcome.split(":");
    if (outcome !== "-") wins[prize] = (wins[prize] ?? 0) + 1;
  }
  return { draws, wins };
}

/** The files of a day, by their names, signed over the lines as they stand. `fields` change what the notes say. */
export function filesOf(
  plan: Plan,
  lines: string[],
  { signer = createSigner(), close = {}, seal = {}, isClosed = true } = {},
): Map<string, string> {
  const { campaign, day } = plan;
  const hash = (bytes: Uint8Array) => sha256(bytes).toString("hex");
  const note = (json: unknown) => signer.note(`${JSON.stringify(json)}\n`);
  const checkpointOf = (size: number) => {
    const root = rootOf(lines.slice(0, size)).toString("base64");
    return signer.note(
      `${signer.name}/${campaign}/${day}/0\n${size}\n${root}\n`,
    );
  };
  const sizes = [Math.ceil(lines.length / 3), Math.ceil(lines.length / 2)];
  const checkpoints = [...new Set([...sizes, lines.length])].map(checkpointOf);
  const files = new Map([
    ["key.txt", `${signer.line}\n`],
    [
      "seal.note",
      note({
        v: 1,
        campaign,
        day,
        time_zone: "UTC",
        begins_at: plan.begins_at,
        ends_at: plan.ends_at,
        seed_hash: hash(plan.seed),
        names: plan.names,
        names_hash: plan.names === "open" ? null : hash(plan.namesKey),
        beacon: plan.beacon
          ? { round: 1_234, scheme: "bls-unchained-g1-rfc9380" }
          : null,
        shards: 1,
        engine_hash: hash(Buffer.from("draw.lua")),
        previous: null,
        sealed_at: plan.sealed_at,
        ...seal,
      }),
    ],
    ["log-0.tsv", lines.map((line) => `${line}\n`).join("")],
    ["checkpoint-0.note", checkpoints.at(-1) ?? ""],
    ["checkpoints-0.txt", checkpoints.map((it) => `${it}\n`).join("")],
  ]);
  if (!isClosed) return files;
  files.set(
    "close.note",
    note({
      v: 1,
      campaign,
      day,
      seed: plan.seed.toString("hex"),
      beacon_signature: plan.beacon ?? null,
      ...countsOf(lines),
      trees: [{ size: lines.length, root: rootOf(lines).toString("base64") }],
      ...close,
    }),
  );
  if (plan.momentLines.length > 0) {
    const rows = plan.momentLines.map((line) => `${plan.momentsHash}\t${line}`);
    files.set("moments.tsv", rows.join(""));
  }
  return files;
}

/** The receipt of a line that was decided together with those around it. */
export function receiptOf(
  plan: Plan,
  lines: string[],
  at: number,
  signer = createSigner(),
) {
  const first = Math.max(0, at - 3);
  const batch = lines.slice(first, at + 2);
  const index = at - first;
  const root = rootOf(batch).toString("base64");
  const text = `lucky-draw-receipt\n${plan.campaign}\n${plan.day}\n0\n${first}\n${batch.length}\n${root}\n`;
  return {
    line: lines[at] as string,
    index,
    path: pathTo(batch, index),
    note: signer.note(text),
  };
}

/** What GET /proof/CAMPAIGN/DAY/0/SEQ answers; undefined where there is no such line. */
export function lineProof(files: Map<string, string>, seq: number) {
  const checkpoint = files.get("checkpoint-0.note") ?? "";
  const size = Number(checkpoint.split("\n")[1]);
  const lines = (files.get("log-0.tsv") ?? "").split("\n").slice(0, size);
  const index = lines.findIndex((line) => line.startsWith(`${seq}\t`));
  if (index < 0) return undefined;
  return { line: lines[index], index, path: pathTo(lines, index), checkpoint };
}
