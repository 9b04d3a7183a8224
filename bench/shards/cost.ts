import type { Redis } from "ioredis";
import { type Asking, atMost, round } from "../support/question.js";
import { alternate, median, ratio } from "../support/rounds.js";
import { type Play, type Stage, startPlay } from "./lanes.js";

/** Prizes as in `redis`: together they go to 0.825 of all draws. */
const PRIZES = Array.from({ length: 8 }, (_, n) => ({
  id: `PRIZE_NUMBER_${n}`,
  total_quota: 1_000_000_000,
}));
const ODDS = 0.825;

const SIZES = [32, 128];

/** What a draw costs all masters together, its win settled, in batches of the same size for each shard. */
export async function costs(
  stage: Stage,
  shards: number[],
  { quick, say }: Asking,
) {
  const draws = quick ? 3_000 : 6_000;
  const plays: Record<string, Play> = {};
  for (const n of shards) {
    const play = await startPlay(
      stage,
      { id: `cost-${n}`, shards: n },
      PRIZES,
      ODDS,
    );
    await measure(stage, play, 32, 2_000); // every shard has numbers
    plays[n] = play;
  }
  const tables = [];
  const targets = [];
  for (const size of SIZES) {
    say(`Redis's time a draw, in batches of ${size} a shard`);
    const contestants = Object.fromEntries(
      Object.entries(plays).map(([n, play]) => [
        n,
        () => measure(stage, play, size, draws),
      ]),
    );
    const seen = await alternate(contestants, quick ? 2 : 7, say);
    const [one = [0]] = [seen[shards[0] as number]];
    const rows = shards.map((n) => {
      const its = seen[n] as number[];
      const against = ratio(its, one);
      return {
        shards: n,
        "Redis, µs/draw": round(median(its)),
        "× of one shard": round(against.median),
        from: round(against.least),
        to: round(against.most),
      };
    });
    tables.push({
      title: `three masters together, batches of ${size} a shard, eight prizes, wins settled`,
      rows,
    });
    const most = Math.max(...rows.map((row) => row["× of one shard"]));
    targets.push(
      atMost(`a draw on several shards, batches of ${size}`, 1.3, most, " ×"),
    );
  }
  return { tables, targets, plays: Object.values(plays) };
}

/** Microseconds of all masters a draw: every shard has a batch of this size under way, until so many are drawn. */
async function measure(
  { cluster }: Stage,
  play: Play,
  size: number,
  draws: number,
): Promise<number> {
  const batches = Math.ceil(draws / size / play.shards);
  const nodes = cluster.nodes.map(({ redis }) => redis);
  const before = await timeOf(nodes);
  await Promise.all(
    play.lanes.map(async (_, shard) => {
      for (let n = 0; n < batches; n += 1) {
        const batch = Array.from({ length: size }, () => play.draw(shard));
        await Promise.all(batch);
      }
    }),
  );
  await play.idle();
  return ((await timeOf(nodes)) - before) / (batches * size * play.shards);
}

/** Microseconds of processor time so far, as these Redis say themselves. */
async function timeOf(nodes: Redis[]): Promise<number> {
  let sum = 0;
  for (const redis of nodes) {
    const info = await redis.info("cpu");
    for (const name of ["used_cpu_user", "used_cpu_sys"]) {
      sum += Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
    }
  }
  return sum * 1e6;
}
