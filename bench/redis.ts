import type { Redis } from "ioredis";
import type { Win } from "../src/outbox/win.js";
import { keys } from "../src/stores/keys.js";
import { type Drawing, startDrawing } from "./support/draws.js";
import { type Answer, type Asking, atMost, round } from "./support/question.js";
import { alternate, median } from "./support/rounds.js";
import { startWorld } from "./support/world.js";

// What does a draw cost Redis, in batches, with many prizes, and with many campaigns?

/** How many servers draw at once: with a single one, Redis would sleep between its batches. */
const SERVERS = 4;

const SIZES = [1, 8, 32, 128, 256];
const PRIZES = [1, 2, 5, 10, 20, 50, 100];

/** Campaigns that share so many draws at a time: each has batches of its own. */
const CAMPAIGNS = [1, 10, 50];
const TOGETHER = 200;

/** Microseconds of redis-server's time. */
type Cost = { draw: number; settle: number; set: number };

export async function redis({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const drawings = await Promise.all(
      Array.from({ length: SERVERS }, () => startDrawing(world.redisUrl)),
    );
    world.owner.teardown(() => {
      for (const { redis } of drawings) redis.disconnect();
    });
    const [drawing] = drawings as [Drawing];
    const rounds = quick ? 2 : 5;
    const draws = quick ? 5_000 : 20_000;
    // A day that has begun: its buckets are there.
    await drawing.setPrizes(8);
    for (let n = 0; n < 800; n += 1) {
      await drawing.settleBatch(await drawing.drawBatch(250));
    }
    const measure = (size: number) => () =>
      costOf(drawings, size, size === 1 ? draws / 10 : draws);

    say("batches, with eight prizes");
    const bySize = await alternate(
      Object.fromEntries(SIZES.map((size) => [`${size}`, measure(size)])),
      rounds,
      say,
    );
    say("prizes, in batches of 32");
    const byPrizes = await alternate(
      Object.fromEntries(
        PRIZES.map((count) => [
          `${count}`,
          async () => {
            await world.redis.del(keys.prizes);
            await drawing.setPrizes(count);
            return measure(32)();
          },
        ]),
      ),
      rounds,
      say,
    );
    say(`campaigns that share ${TOGETHER} draws at a time`);
    const most = Math.max(...CAMPAIGNS);
    const lanes = await Promise.all(
      Array.from({ length: most }, (_, n) =>
        startDrawing(world.redisUrl, `c${n}`),
      ),
    );
    world.owner.teardown(() => {
      for (const { redis } of lanes) redis.disconnect();
    });
    for (const lane of lanes) await lane.setPrizes(8);
    const byCampaigns = await alternate(
      Object.fromEntries(
        CAMPAIGNS.map((count) => [
          `${count}`,
          () => costOf(lanes.slice(0, count), TOGETHER / count, draws),
        ]),
      ),
      rounds,
      say,
    );
    const of = (seen: Record<string, Cost[]>, n: number, part: keyof Cost) =>
      median((seen[n] ?? []).map((cost) => cost[part]));
    const row = (seen: Record<string, Cost[]>, n: number) => ({
      "µs/draw": round(of(seen, n, "draw")),
      "and µs/win to settle": round(of(seen, n, "settle")),
      "SET NX EX, µs": round(of(seen, n, "set")),
    });
    return {
      tables: [
        {
          title: `redis-server's time, eight prizes, append-only file on, ${SERVERS} servers at once`,
          rows: SIZES.map((size) => ({ batch: size, ...row(bySize, size) })),
        },
        {
          title: "the same in batches of 32",
          rows: PRIZES.map((n) => ({ prizes: n, ...row(byPrizes, n) })),
        },
        {
          title: `campaigns under the same load: ${TOGETHER} draws at a time in all`,
          rows: CAMPAIGNS.map((n) => ({
            campaigns: n,
            batch: TOGETHER / n,
            ...row(byCampaigns, n),
          })),
        },
      ],
      targets: [
        atMost("a draw in batches of 32", 6, of(bySize, 32, "draw"), " µs"),
        atMost("a draw in batches of 128", 6, of(bySize, 128, "draw"), " µs"),
        atMost(
          "a draw among a hundred prizes against one prize",
          2,
          of(byPrizes, 100, "draw") / of(byPrizes, 1, "draw"),
          " ×",
        ),
      ],
    };
  } finally {
    await world.owner.end();
  }
}

async function costOf(
  drawings: Drawing[],
  size: number,
  draws: number,
): Promise<Cost> {
  const [{ redis }] = drawings as [Drawing];
  const cost = { draw: 0, settle: 0, set: 0 };
  let done = 0;
  let wins = 0;
  const all = (work: (drawing: Drawing, n: number) => Promise<void>) =>
    timeOf(redis, async () => {
      await Promise.all(drawings.map(work));
    });
  // Settled every few batches, as in real life: a growing outbox costs more.
  while (done < draws) {
    const won: Win[][][] = drawings.map(() => []);
    cost.draw += await all(async ({ drawBatch }, n) => {
      for (let i = 0; i < FEW; i += 1) won[n]?.push(await drawBatch(size));
    });
    cost.settle += await all(async ({ settleBatch }, n) => {
      for (const batch of won[n] ?? []) await settleBatch(batch);
    });
    cost.set += await all(async ({ redis }) => {
      for (let i = 0; i < FEW; i += 1) await setBatch(redis, size);
    });
    wins += won.flat(2).length;
    done += FEW * size * drawings.length;
  }
  return {
    draw: cost.draw / done,
    settle: cost.settle / wins,
    set: cost.set / done,
  };
}

/** Batches of each server in a row. */
const FEW = 10;

async function timeOf(redis: Redis, work: () => Promise<void>) {
  const before = await cpuTime(redis);
  await work();
  return (await cpuTime(redis)) - before;
}

/** Microseconds of processor time so far, as Redis says itself. */
async function cpuTime(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = (name: string) =>
    Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
  return (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1e6;
}

let participants = 0;

/** The least that a draw could be: one key a participant. */
async function setBatch(redis: Redis, size: number): Promise<void> {
  const pipeline = redis.pipeline();
  for (let n = 0; n < size; n += 1) {
    participants += 1;
    pipeline.set(`participant:${participants}`, 1, "EX", 259_200, "NX");
  }
  await pipeline.exec();
}
