import { makeChain } from "./proof/chain.js";
import { sha256 } from "./proof/notes.js";
import { createPlay, type Drawn, type Play } from "./proof/play.js";
import { type PrizeRule, type Rules, secretsOf } from "./proof/rules.js";
import { type Draft, draftOf } from "./proof/write.js";

export type { Draft } from "./proof/write.js";
export { filesOf, receiptOf, SIGNER } from "./proof/write.js";

export const DAY = "2026-12-01";
/** The day in Taipei. */
export const BEGINS_AT = Date.parse("2026-12-01T00:00:00+08:00");
export const ENDS_AT = BEGINS_AT + 86_400_000;
const HOUR = 3_600_000;

export const CHAIN = makeChain({ genesis_time: 1_700_000_000, period: 30 });
/** The last round at least a minute before the day. */
export const ROUND =
  Math.floor((BEGINS_AT - 60_000 - 1_700_000_000_000) / 30_000) + 1;

export const RULES: Rules = {
  starts_at: null,
  ends_at: null,
  draws_per_day: 2,
  wins_per_user: null,
  inactive: false,
};
const plain = { fallback: false, moments: false, release: null };
export const PRIZES: PrizeRule[] = [
  {
    id: "car",
    odds_to: 2_000_000,
    daily_quota: 2,
    total_quota: 3,
    ...plain,
    moments: true,
  },
  {
    id: "coupon",
    odds_to: 150_000_000,
    daily_quota: 60,
    total_quota: 190,
    ...plain,
    release: [BEGINS_AT + 6 * HOUR, BEGINS_AT + 18 * HOUR],
  },
  {
    id: "tea",
    odds_to: 450_000_000,
    daily_quota: null,
    total_quota: null,
    ...plain,
    moments: true,
  },
  {
    id: "sticker",
    odds_to: 450_000_000,
    daily_quota: 150,
    total_quota: null,
    ...plain,
    fallback: true,
  },
];

export type DayOptions = {
  shards?: number;
  names?: "sealed" | "open";
  beacon?: "none" | "used" | "missing";
  users?: number;
  day?: string;
  seed?: number;
  /** no win is refused and nothing is lost */
  isCalm?: boolean;
  previous?: unknown;
};

/** Chance of a test: the same each time. */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A day with everything in it: an edit, moments, release, fallback, limits, refused wins, a loss, several draws a day. */
export function proofDay({
  shards = 1,
  names = "sealed",
  beacon = "used",
  users = 300,
  seed = 1,
  isCalm = false,
  previous = null,
}: DayOptions = {}): { draft: Draft; play: Play; users: string[] } {
  const chance = chanceOf(seed);
  const signature = beacon === "none" ? null : CHAIN.sign(ROUND);
  const play = createPlay({
    campaign: "summer",
    day: DAY,
    shards,
    names,
    signature,
    isBeaconMissing: beacon === "missing",
    endsAt: ENDS_AT,
    before: { coupon: 120, tea: 7 },
  });
  const people = Array.from(
    { length: users },
    (_, n) => `user-${n}@example.com`,
  );
  playStory(play, people, chance, isCalm);
  const { seed: secret, namesKey } = secretsOf("summer", DAY);
  const seal = {
    v: 1,
    campaign: "summer",
    day: DAY,
    time_zone: "Asia/Taipei",
    begins_at: BEGINS_AT,
    ends_at: ENDS_AT,
    seed_hash: sha256(secret).toString("hex"),
    names,
    names_hash: names === "sealed" ? sha256(namesKey).toString("hex") : null,
    beacon: beacon === "none" ? null : { ...CHAIN.info, round: ROUND },
    shards,
    engine_hash: sha256("draw.lua").toString("hex"),
    previous,
    sealed_at: BEGINS_AT - 24 * HOUR,
  };
  return { draft: draftOf(play, seal), play, users: people };
}

function playStory(
  play: Play,
  people: string[],
  chance: () => number,
  isCalm: boolean,
): void {
  const turns = people.length * 2;
  const moments = Array.from({ length: 12 }, (_, n) => ({
    id: n + 1,
    prize: n % 6 === 0 ? "car" : "tea",
    at: BEGINS_AT + n * 2 * HOUR,
  }));
  play.table(BEGINS_AT + 1, { prizes: PRIZES, rules: RULES, moments });
  for (let turn = 0; turn < turns; turn += 1) {
    const at =
      BEGINS_AT + 2 + Math.floor(((turn + chance() * 0.5) * 23 * HOUR) / turns);
    const user = people[Math.floor(chance() * people.length)] ?? "";
    const made = play.draw(user, at);
    if (!isCalm && made && made.outcome !== "-" && chance() < 0.1)
      play.refuse(made, at + 5);
    if (!isCalm && turn === Math.floor(turns * 0.65)) loseSome(play, made, at);
    if (turn === Math.floor(turns * 0.7)) play.table(at, {});
    if (turn === Math.floor(turns * 0.5)) {
      const prizes = PRIZES.map((it) =>
        it.id === "tea" ? { ...it, odds_to: 350_000_000 } : it,
      );
      const last = prizes.map((it) =>
        it.id === "sticker" ? { ...it, odds_to: 350_000_000 } : it,
      );
      play.table(at, {
        prizes: last,
        rules: { ...RULES, wins_per_user: 2, draws_per_day: 3 },
      });
    }
    if (turn === Math.floor(turns * 0.8)) {
      play.table(at, { prizes: PRIZES.filter(({ id }) => id !== "sticker") });
    }
  }
}

/** Redis loses the last draws of the shard that drew last; a loser whose line is kept is forgotten, too, and draws again. */
function loseSome(play: Play, made: Drawn | undefined, at: number): void {
  const shard = made?.shard ?? 0;
  const lines = play.logs[shard] ?? [];
  let count = 0;
  while (count < 5 && lines.at(-1 - count)?.split("\t")[2] === "D") count += 1;
  play.lose(shard, count, at + 10);
  for (const { user, drawNo, outcome, how } of [...play.drawn.values()]) {
    const isKept = play.shardOf(user) === shard;
    if (!isKept || outcome !== "-" || how === "limited" || drawNo !== 1)
      continue;
    if (play.drawn.has(`${user} 2`)) continue;
    play.forget(user, drawNo);
    play.draw(user, at + 20);
    break;
  }
}
