import { readFile } from "node:fs/promises";
import { type Drawing, startDrawing } from "./support/draws.js";
import { round } from "./support/question.js";
import { alternate, median, quantile, ratio } from "./support/rounds.js";
import { type BenchWorld, startWorld } from "./support/world.js";

// `npx tsx bench/draw-lua.ts FILE FILE…`: what other versions of lua/draw.lua take of redis-server's time, against the first
// file's. All must take and answer the same.

/** How many servers draw at once: with a single one, Redis would sleep between its batches. */
const SERVERS = 2;
const SIZES = [1, 32, 128];
const ROUNDS = 40;

const files = process.argv.slice(2);
if (files.length < 2) {
  console.error("Name two versions of draw.lua at least.");
  process.exit(2);
}
const world = await startWorld();
try {
  const sides: Record<string, Drawing[]> = {};
  for (const file of files) sides[file] = await startSide(file);
  const [first] = sides[files[0] as string] as [Drawing];
  await first.setPrizes(8);
  for (let n = 0; n < 200; n += 1) {
    await first.settleBatch(await first.drawBatch(250));
  }
  for (const size of SIZES) {
    const measures = Object.fromEntries(
      Object.entries(sides).map(([file, drawings]) => [
        file,
        () => costOf(world, drawings, size, size === 1 ? 600 : 4_000),
      ]),
    );
    await alternate(measures, 1); // warm
    const seen = await alternate(measures, ROUNDS);
    const base = seen[files[0] as string] as number[];
    const rows = files.map((file) => {
      const its = seen[file] as number[];
      const ratios = its.map((it, n) => it / (base[n] as number));
      return {
        file,
        "µs/draw": round(median(its)),
        "× of the first": round(ratio(its, base).median),
        "half are from": round(quantile(ratios, 0.25)),
        to: round(quantile(ratios, 0.75)),
      };
    });
    console.log(`\nbatches of ${size}`);
    console.table(rows);
  }
} finally {
  await world.owner.end();
}
process.exit();

async function startSide(file: string): Promise<Drawing[]> {
  const lua = await readFile(file, "utf8");
  const drawings = await Promise.all(
    Array.from({ length: SERVERS }, () => startDrawing(world.redisUrl)),
  );
  for (const { redis } of drawings) {
    redis.defineCommand("draw", { lua });
    world.owner.teardown(() => redis.disconnect());
  }
  return drawings;
}

/** Microseconds of redis-server's time a draw; the wins are settled afterwards. */
async function costOf(
  { redis }: BenchWorld,
  drawings: Drawing[],
  size: number,
  draws: number,
): Promise<number> {
  const before = await timeOf(redis);
  let done = 0;
  const wins = drawings.map(
    () => [] as Awaited<ReturnType<Drawing["drawBatch"]>>,
  );
  while (done < draws) {
    await Promise.all(
      drawings.map(async ({ drawBatch }, n) => {
        wins[n]?.push(...(await drawBatch(size)));
      }),
    );
    done += size * drawings.length;
  }
  const cost = ((await timeOf(redis)) - before) / done;
  await Promise.all(
    drawings.map(({ settleBatch }, n) => settleBatch(wins[n] ?? [])),
  );
  return cost;
}

async function timeOf(redis: BenchWorld["redis"]): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = (name: string) =>
    Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
  return (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1e6;
}
