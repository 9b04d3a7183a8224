import { crc32 } from "node:zlib";
import { hmac, sha256 } from "./notes.js";
import {
  dayKeyOf,
  type MomentOf,
  type Numbers,
  nextNumber,
  type PrizeRule,
  type Rules,
  rangesOf,
  released,
  rollOf,
  secretsOf,
  takeNumber,
} from "./rules.js";

type Pools = { all: Numbers; day: Numbers };
type Shard = {
  lines: string[];
  seq: number;
  pools: Map<string, Pools>;
  /** numbers that came back and that no table has told yet */
  back: { prize: string; unit: number; dayUnit: number }[];
  open: MomentOf[];
  draws: { ever: number; today: number };
};
export type Drawn = {
  user: string;
  drawNo: number;
  shard: number;
  seq: number;
  outcome: string;
  how: string;
  roll: number;
  moment: MomentOf | undefined;
};
export type Options = {
  campaign: string;
  day: string;
  shards: number;
  names: "sealed" | "open";
  /** of the beacon's round; null: the day has none */
  signature: string | null;
  /** the T lines say that the beacon was away */
  isBeaconMissing: boolean;
  endsAt: number;
  /** units that went on days before */
  before?: Record<string, number>;
};

const CHUNK = 8;

/** Plays a day: every call writes the lines that a right engine would. */
export function createPlay(options: Options) {
  const { campaign, day, shards, names, signature, isBeaconMissing, endsAt } =
    options;
  const { namesKey } = secretsOf(campaign, day);
  const dayKey = dayKeyOf(campaign, day, isBeaconMissing ? null : signature);
  const isSharded = shards > 1;
  const parts: Shard[] = Array.from({ length: shards }, () => ({
    lines: [],
    seq: 0,
    pools: new Map(),
    back: [],
    open: [],
    draws: { ever: 0, today: 0 },
  }));
  const drawn = new Map<string, Drawn>();
  const wins = new Map<string, number>();
  const given = new Map<string, number>(); // pool → numbers that the ledger has given
  const lists = new Map<string, MomentOf[]>(); // moments by their hash
  let prizes: PrizeRule[] = [];
  let rules: Rules | undefined;
  let moments: MomentOf[] = [];
  const claimed = new Set<number>();

  const part = (shard: number): Shard => {
    const found = parts[shard];
    if (!found) throw new Error(`no shard ${shard}`);
    return found;
  };
  const shardOf = (user: string) => (crc32(user) >>> 16) % shards;
  const pOf = (user: string) =>
    names === "open"
      ? Buffer.from(user).toString("base64url")
      : hmac(namesKey, user).toString("hex").slice(0, 32);

  function poolsOf(shard: number, prize: string): Pools {
    const { pools } = part(shard);
    const found = pools.get(prize);
    if (found) return found;
    const counter = isSharded ? 0 : (options.before?.[prize] ?? 0);
    const made = {
      all: { counter, spare: [], held: [] },
      day: { counter: 0, spare: [], held: [] },
    };
    pools.set(prize, made);
    return made;
  }

  function write(
    shard: number,
    at: number,
    ...fields: (string | number)[]
  ): number {
    const { lines } = part(shard);
    const { seq } = part(shard);
    part(shard).seq += 1;
    lines.push([seq, at, ...fields].join("\t"));
    return seq;
  }

  function putTable(shard: number, at: number): void {
    const it = part(shard);
    for (const { prize, unit, dayUnit } of it.back.splice(0)) {
      const { all, day: today } = poolsOf(shard, prize);
      const [to, toToday] = isSharded
        ? [all.held, today.held]
        : [all.spare, today.spare];
      to.push(unit);
      toToday.push(dayUnit);
    }
    const counters = (name: "all" | "day") =>
      Object.fromEntries(
        [...it.pools]
          .map(([id, pools]) => [id, pools[name].counter])
          .filter(([, n]) => n !== 0),
      );
    const spare: Record<string, { all?: unknown; day?: unknown }> = {};
    for (const [id, { all, day: today }] of it.pools) {
      if (all.spare.length + today.spare.length === 0) continue;
      spare[id] = {
        ...(all.spare.length > 0 && { all: rangesOf(all.spare) }),
        ...(today.spare.length > 0 && { day: rangesOf(today.spare) }),
      };
    }
    const list = moments
      .filter(({ id, at: due }) => id % shards === shard && due <= endsAt)
      .sort((a, b) => a.at - b.at || a.id - b.id);
    it.open = list.filter(({ id }) => !claimed.has(id));
    const text = list
      .map(({ id, prize, at: due }) => `${id}\t${prize}\t${due}\n`)
      .join("");
    const hash = list.length > 0 ? sha256(text).toString("hex") : null;
    if (hash) lists.set(hash, list);
    const json = {
      prizes,
      rules,
      beacon:
        signature === null && !isBeaconMissing
          ? null
          : isBeaconMissing
            ? "missing"
            : "used",
      taken: counters("all"),
      taken_today: counters("day"),
      spare,
      moments: hash,
      claimed: list.filter(({ id }) => claimed.has(id)).map(({ id }) => id),
      draws: it.draws,
    };
    write(shard, at, "T", 1, JSON.stringify(json));
    if (!isSharded) return;
    for (const [id, { all, day: today }] of it.pools) {
      for (const [from, to] of rangesOf(all.held))
        write(shard, at, "L", id, "all", from, to);
      for (const [from, to] of rangesOf(today.held))
        write(shard, at, "L", id, "day", from, to);
    }
  }

  function table(
    at: number,
    edit: { prizes?: PrizeRule[]; rules?: Rules; moments?: MomentOf[] },
  ) {
    prizes = edit.prizes ?? prizes;
    rules = edit.rules ?? rules;
    moments = edit.moments ?? moments;
    for (let shard = 0; shard < shards; shard += 1) {
      for (const { id } of prizes) poolsOf(shard, id);
      putTable(shard, at);
    }
  }

  /** Where a shard has no number, the ledger gives some, else another shard has to. */
  function supply(
    shard: number,
    prize: string,
    name: "all" | "day",
    quota: number,
    at: number,
  ) {
    const pool = poolsOf(shard, prize)[name];
    if (!isSharded || pool.held.length > 0) return;
    const key = `${prize} ${name}`;
    const free =
      given.get(key) ?? (name === "all" ? (options.before?.[prize] ?? 0) : 0);
    const to = Math.min(free + CHUNK, quota);
    if (to > free) {
      given.set(key, to);
      write(shard, at, "L", prize, name, free + 1, to);
      for (let number = free + 1; number <= to; number += 1)
        pool.held.push(number);
      return;
    }
    for (let other = 0; other < shards; other += 1) {
      const theirs = poolsOf(other, prize)[name];
      const ranges = rangesOf(theirs.held);
      const last = ranges.at(-1);
      if (other === shard || !last || last[1] > quota) continue;
      const middle = Math.ceil((last[0] + last[1]) / 2);
      write(other, at, "L", prize, name, last[0], middle - 1);
      write(shard, at, "L", prize, name, middle, last[1]);
      theirs.held = theirs.held.filter((it) => it < middle || it > last[1]);
      for (let number = middle; number <= last[1]; number += 1)
        pool.held.push(number);
      return;
    }
  }

  function tryToTake(
    shard: number,
    prize: PrizeRule | undefined,
    at: number,
  ): string | undefined {
    if (!prize) return undefined;
    const [total, today] = [
      prize.total_quota ?? Number.POSITIVE_INFINITY,
      released(prize, at),
    ];
    supply(shard, prize.id, "all", total, at);
    supply(
      shard,
      prize.id,
      "day",
      prize.daily_quota ?? Number.POSITIVE_INFINITY,
      at,
    );
    const pools = poolsOf(shard, prize.id);
    const unit = nextNumber(pools.all, total, isSharded);
    const dayUnit = nextNumber(pools.day, today, isSharded);
    if (unit === undefined || dayUnit === undefined) return undefined;
    takeNumber(pools.all, unit, isSharded);
    takeNumber(pools.day, dayUnit, isSharded);
    return `${prize.id}:${unit}:${dayUnit}`;
  }

  function decide(shard: number, roll: number, at: number) {
    const { open } = part(shard);
    const due = open
      .filter((it) => it.at <= at)
      .sort(
        (a, b) =>
          a.at - b.at || (`${a.prize}/${a.id}` < `${b.prize}/${b.id}` ? -1 : 1),
      );
    for (const moment of due) {
      const prize = prizes.find(
        ({ id, moments: has }) => id === moment.prize && has,
      );
      const outcome = tryToTake(shard, prize, at);
      if (!outcome) continue;
      open.splice(open.indexOf(moment), 1);
      claimed.add(moment.id);
      return { outcome, how: "moment", moment };
    }
    const met = prizes.find(({ odds_to }) => roll < odds_to);
    const byOdds = tryToTake(shard, met, at);
    if (byOdds) return { outcome: byOdds, how: "", moment: undefined };
    const fallback = prizes.find((it) => it.fallback);
    const instead =
      fallback === met ? undefined : tryToTake(shard, fallback, at);
    if (instead)
      return { outcome: instead, how: "fallback", moment: undefined };
    return { outcome: "-", how: "", moment: undefined };
  }

  /** What would be won, without taking it. Numbers that were fetched for it stay. */
  function wouldWin(shard: number, roll: number, at: number): boolean {
    const kept = structuredClone({
      pools: part(shard).pools,
      open: part(shard).open,
    });
    const counted = part(shard).lines.length;
    const before = new Set(claimed);
    const { outcome } = decide(shard, roll, at);
    if (part(shard).lines.length === counted) {
      part(shard).pools = kept.pools;
    } else if (outcome !== "-") {
      // Numbers came meanwhile: only what was taken of them goes back.
      const [prize = "", unit, dayUnit] = outcome.split(":");
      const pools = poolsOf(shard, prize);
      pools.all.held.push(Number(unit));
      pools.day.held.push(Number(dayUnit));
      pools.all.counter -= 1;
      pools.day.counter -= 1;
    }
    part(shard).open = kept.open;
    for (const id of claimed) if (!before.has(id)) claimed.delete(id);
    return outcome !== "-";
  }

  function decideFor(user: string, drawNo: number, at: number): Drawn {
    const shard = shardOf(user);
    const p = pOf(user);
    const roll = rollOf(dayKey, p, drawNo);
    const limit = rules?.wins_per_user ?? Number.POSITIVE_INFINITY;
    const isOver = (wins.get(user) ?? 0) >= limit;
    const decision = isOver
      ? {
          outcome: "-",
          how: wouldWin(shard, roll, at) ? "limited" : "",
          moment: undefined,
        }
      : decide(shard, roll, at);
    const { outcome, how } = decision;
    const seq = write(shard, at, "D", p, drawNo, roll, outcome, how);
    if (outcome !== "-") wins.set(user, (wins.get(user) ?? 0) + 1);
    const result = { user, drawNo, shard, seq, roll, ...decision };
    drawn.set(`${user} ${drawNo}`, result);
    return result;
  }

  function draw(user: string, at: number): Drawn | undefined {
    let drawNo = 1;
    while (drawn.has(`${user} ${drawNo}`)) drawNo += 1;
    if (drawNo > (rules?.draws_per_day ?? 1)) return undefined;
    const { draws } = part(shardOf(user));
    const made = decideFor(user, drawNo, at);
    part(made.shard).draws = { ever: draws.ever + 1, today: draws.today + 1 };
    return made;
  }

  /** Postgres refuses a win: it is taken back, and decided again where `isAgain`. */
  function refuse(
    { user, drawNo, shard, seq, outcome }: Drawn,
    at: number,
    isAgain = true,
  ): void {
    const [prize = "", unit, dayUnit] = outcome.split(":");
    write(shard, at, "V", seq);
    wins.set(user, (wins.get(user) ?? 0) - 1);
    part(shard).back.push({
      prize,
      unit: Number(unit),
      dayUnit: Number(dayUnit),
    });
    if (isAgain) decideFor(user, drawNo, at);
  }

  /** Redis loses the last draws of a shard. Postgres still has the wins; losers may draw again. */
  function lose(shard: number, count: number, at: number): void {
    const it = part(shard);
    const lost = it.lines.slice(it.lines.length - count);
    if (lost.some((line) => line.split("\t")[2] !== "D"))
      throw new Error("only draws can be lost here");
    it.lines.length -= count;
    const from = it.seq - count;
    const to = it.seq + 4;
    it.seq = to + 1;
    write(shard, at, "G", from, to, "lost");
    it.draws = { ever: it.draws.ever - count, today: it.draws.today - count };
    putTable(shard, at);
    for (const line of lost) {
      const [, , , p, drawNo, , outcome] = line.split("\t");
      const owner = [...drawn.entries()].find(
        ([, made]) => pOf(made.user) === p && made.drawNo === Number(drawNo),
      );
      if (outcome === "-" && owner) drawn.delete(owner[0]);
      if (outcome !== "-")
        write(shard, at, "R", p ?? "", Number(drawNo), outcome ?? "");
    }
  }

  return {
    options,
    logs: parts.map(({ lines }) => lines),
    lists,
    shardOf,
    pOf,
    table,
    draw,
    refuse,
    lose,
    drawn,
    /** Redis forgot a loser, whose line is kept. */
    forget: (user: string, drawNo: number) => drawn.delete(`${user} ${drawNo}`),
  };
}
export type Play = ReturnType<typeof createPlay>;
