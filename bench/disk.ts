import { audit } from "./support/audit.js";
import { startContestants } from "./support/contestants.js";
import { type Load, load } from "./support/load.js";
import {
  type Answer,
  type Asking,
  atLeast,
  round,
} from "./support/question.js";
import { alternate, median, quantile, ratio } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { startWorld } from "./support/world.js";

// What does a slow disk cost, on which every commit takes 20 ms longer: draws a second, or only time?

const DELAY_MS = 20;
const CONNECTIONS = [64, 256, 512, 1_024];

export async function disk({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const { urls } = await startContestants(world, SAMPLE_PRIZES, []);
    const loads: Load[] = [await load(urls.draw, 64, 2)];
    const run = (connections: number, delay: number) => async () => {
      await world.slowDisk(delay);
      const seen = await load(urls.draw, connections, quick ? 2 : 4);
      loads.push(seen);
      return seen;
    };
    const contestants = Object.fromEntries(
      CONNECTIONS.flatMap((connections) => [
        [`${connections} usual`, run(connections, 0)],
        [`${connections} slow`, run(connections, DELAY_MS)],
      ]),
    );
    const seen = await alternate<Load>(contestants, quick ? 1 : 5, say);
    return report(seen, await audit(world.sql, loads));
  } finally {
    await world.owner.end();
  }
}

function report(seen: Record<string, Load[]>, problems: string[]): Answer {
  const rates = (name: string) => (seen[name] ?? []).map(({ rate }) => rate);
  const waits = (name: string) =>
    median((seen[name] ?? []).map(({ latencies }) => quantile(latencies, 0.5)));
  const rows = CONNECTIONS.map((connections) => {
    const [usual, slow] = [`${connections} usual`, `${connections} slow`];
    const { median: middle, least, most } = ratio(rates(slow), rates(usual));
    return {
      connections,
      "draws/s": Math.round(median(rates(usual))),
      [`draws/s, ${DELAY_MS} ms a commit`]: Math.round(median(rates(slow))),
      ratio: `${round(middle)} × (${round(least)} to ${round(most)})`,
      "median, ms": round(waits(usual)),
      [`median, ${DELAY_MS} ms a commit`]: round(waits(slow)),
    };
  });
  return {
    tables: [{ title: "sample prizes: four draws of five win", rows }],
    targets: CONNECTIONS.filter((connections) => connections >= 512).map(
      (connections) =>
        atLeast(
          `of the draws/s on a slow disk, ${connections} connections`,
          0.9,
          ratio(rates(`${connections} slow`), rates(`${connections} usual`))
            .median,
          " ×",
        ),
    ),
    problems,
  };
}
