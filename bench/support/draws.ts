import { createClock } from "../../src/clock.js";
import { createDecisions } from "../../src/engine/decide.js";
import type { Draw } from "../../src/engine/draw.js";
import { createSettlements } from "../../src/outbox/settle.js";
import type { Win } from "../../src/outbox/win.js";
import { PLAIN } from "../../src/prizes/campaign.js";
import { putTable } from "../../src/prizes/in-force.js";
import { nameAttempt, PARTS, systemRandom } from "../../src/random.js";
import { keysOf } from "../../src/stores/keys.js";
import { createRedis, redisTime } from "../../src/stores/redis.js";

/** All servers' draws are of different users. */
let users = 0;

export type Drawing = Awaited<ReturnType<typeof startDrawing>>;

/** The engine's way to Redis, without a server and without Postgres. */
export async function startDrawing(url: string, campaign = "default") {
  const redis = createRedis(url);
  await redis.connect();
  const clock = createClock("UTC", () => redisTime(redis));
  const keys = keysOf(campaign);
  const settlements = createSettlements(redis, keys, clock);
  const epoch = "0-bench";
  const loaded = {
    isFresh: () => true,
    reload: async () => {},
    epoch: () => epoch, // of every day
  };
  const away = {
    query: () => Promise.reject(new Error("there is no Postgres")),
    isPooled: () => false,
    close: async () => {},
  };
  const held = { campaign: { ...PLAIN, id: campaign } };
  const shards = { shard: undefined, everywhere: [keys] };
  const scope = { redis, postgres: away, keys, clock, held, ...shards };
  const decisions = createDecisions(scope, loaded, undefined, {
    log: () => undefined,
  });

  /** Puts so many prizes in force; together their odds are 0.825. */
  async function setPrizes(count: number): Promise<void> {
    const each = Math.floor((0.825 * PARTS) / count);
    const listing = Array.from({ length: count }, (_, n) => ({
      id: `PRIZE_NUMBER_${String(n).padStart(3, "0")}`,
      title: `Prize number ${n}`,
      probability: each / PARTS,
      daily_quota: null,
      fallback: false,
      release_from: null,
      release_to: null,
      has_moments: false,
      total_quota: 1_000_000_000,
      odds_to: String(each * (n + 1)),
    }));
    const table = { version: "1", listing };
    const put = {
      rows: [],
      table,
      day: clock.today(),
      isToday: true,
      agreed: { identity: "bench", timeZone: "UTC" },
      known: { next: epoch, restored: epoch },
      now: clock.now(),
      rules: "{}",
      windows: () => ({}),
    };
    await putTable(redis, keys, put);
    await putTable(redis, keys, put); // all of no winners are back
  }

  function newDraw(): Draw {
    users += 1;
    const attempt = nameAttempt(undefined);
    return {
      user_id: `user${String(users).padStart(8, "0")}`,
      draw_date: clock.today().date,
      attempt,
      keyed: false,
      roll: systemRandom.roll(),
      id: systemRandom.id(attempt),
      refused: "",
    };
  }

  /** Decides a batch of new users' draws. Returns the wins. */
  async function drawBatch(size: number): Promise<Win[]> {
    const draws = Array.from({ length: size }, newDraw);
    const ends = await Promise.all(draws.map(decisions.add));
    return ends.flatMap((end) => (end.outcome === "won" ? [end.win] : []));
  }

  /** Settles wins whose winners all were told. */
  async function settleBatch(wins: Win[]): Promise<void> {
    await Promise.all(
      wins.map(({ entry, user_id, draw_date, draw_no, attempt }) =>
        settlements.add({
          entry,
          user_id,
          draw_date,
          draw_no,
          attempt,
          telling: "told",
        }),
      ),
    );
  }

  return { redis, clock, setPrizes, drawBatch, settleBatch };
}
