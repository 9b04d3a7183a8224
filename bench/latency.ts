import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { audit } from "./support/audit.js";
import { startContestants } from "./support/contestants.js";
import { type Load, load } from "./support/load.js";
import { type Answer, type Asking, atMost } from "./support/question.js";
import { alternate, median, quantile } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { startWorld } from "./support/world.js";

// How long does an answer take: at half of what the server can do, and alone on an idle server?

/**
 * autocannon sends a whole second's requests of `overallRate` at its start. So the rate is split among many runs, which
 * start one after the other within a second: requests are sent whether or not earlier ones were answered.
 */
const RUNS = 20;

/** Connections of each run. */
const WIDTH = 8;

/** How much longer every commit takes on the slow disk. */
const SLOW_MS = 5;

const NAMES = {
  bare: "bare route",
  draw: "Lucky Draw",
  slow: `Lucky Draw, ${SLOW_MS} ms more a commit`,
};

export async function latency({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const { urls } = await startContestants(world, SAMPLE_PRIZES, ["bare"]);
    const loads: Load[] = [];
    await load(urls.bare, 128, 2); // warm
    loads.push(await load(urls.draw, 128, 2));
    const most = await load(urls.draw, 128, quick ? 2 : 5);
    loads.push(most);
    const rate = Math.floor(most.rate / 2 / RUNS) * RUNS;
    say(`  half of ${Math.round(most.rate)} draws/s: ${rate}`);

    const seconds = quick ? 3 : 7;
    const { slowDisk } = world;
    const draws = async (delay: number) => {
      await slowDisk(delay);
      const its = await openLoop(urls.draw, rate, seconds);
      loads.push(...its);
      return its;
    };
    const open = await alternate(
      {
        bare: () => openLoop(urls.bare, rate, seconds),
        draw: () => draws(0),
        slow: () => draws(SLOW_MS),
      },
      quick ? 1 : 5,
      say,
    );
    const few = quick ? 300 : 1_000;
    const alone = await alternate(
      {
        bare: () => lone(urls.bare, few),
        draw: () => slowDisk(0).then(() => lone(urls.draw, few)),
        slow: () => slowDisk(SLOW_MS).then(() => lone(urls.draw, few)),
      },
      quick ? 1 : 5,
    );
    // Alone, wins are not counted by the load.
    await world.sql`delete from result where user_id like 'lone %'`;
    const all = (name: string) =>
      (open[name] ?? []).flat().flatMap(({ latencies }) => latencies);
    const single = (name: string) => (alone[name] ?? []).flat();
    const rows = Object.entries(NAMES).map(([name, contestant]) => ({
      contestant,
      "p50 ms": ms(quantile(all(name), 0.5)),
      "p90 ms": ms(quantile(all(name), 0.9)),
      "p99 ms": ms(quantile(all(name), 0.99)),
      "p99.9 ms": ms(quantile(all(name), 0.999)),
      "alone, median ms": ms(median(single(name))),
      "alone, p99 ms": ms(quantile(single(name), 0.99)),
    }));
    const p99s = (name: string) =>
      (open[name] ?? []).map((its) =>
        quantile(
          its.flatMap(({ latencies }) => latencies),
          0.99,
        ),
      );
    const times = median(
      p99s("draw").map((it, n) => it / (p99s("bare")[n] ?? Number.NaN)),
    );
    const dearer = median(single("draw")) - median(single("bare"));
    return {
      tables: [
        {
          title: `${rate} requests/s, whether answered or not, and one caller alone`,
          rows,
        },
      ],
      targets: [
        atMost(
          "p99 at half of the greatest rate",
          3,
          times,
          " × the bare route's",
        ),
        atMost(
          "alone on an idle server",
          1,
          dearer,
          " ms dearer than the bare route",
        ),
      ],
      problems: await audit(world.sql, loads),
      charts: [
        { file: "latency", option: chart(rate, all("bare"), all("draw")) },
      ],
    };
  } finally {
    await world.owner.end();
  }
}

async function openLoop(
  url: string,
  rate: number,
  seconds: number,
): Promise<Load[]> {
  return Promise.all(
    Array.from({ length: RUNS }, async (_, n) => {
      await pause((n * 1_000) / RUNS);
      return load(url, WIDTH, seconds, rate / RUNS);
    }),
  );
}

let lonely = 0;

/** Milliseconds of requests one after the other, on one connection. */
async function lone(url: string, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) {
    lonely += 1;
    const body = JSON.stringify({ username: `lone ${lonely}` });
    const began = performance.now();
    await post(agent, `${url}/draw`, body);
    times.push(performance.now() - began);
  }
  agent.destroy();
  return times;
}

function post(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const sent = request(url, { method: "POST", agent, headers }, (answer) => {
      answer.resume().once("end", resolve);
    });
    sent.once("error", reject).end(body);
  });
}

const ms = (n: number) => Number(n.toFixed(2));

const SHARES = [
  0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999,
];

function chart(rate: number, bare: number[], draw: number[]) {
  const line = (name: string, latencies: number[]) => ({
    name,
    type: "line",
    data: SHARES.map((share) => ms(quantile(latencies, share))),
  });
  return {
    title: { text: `Milliseconds to an answer, at ${rate} requests a second` },
    grid: { left: 60, right: 30, bottom: 50, top: 80 },
    legend: { top: 34, itemGap: 30 },
    xAxis: {
      type: "category",
      name: "of all requests",
      nameLocation: "middle",
      nameGap: 30,
      data: SHARES.map((share) => `${Number((100 * share).toFixed(1))} %`),
    },
    yAxis: { type: "value", name: "ms" },
    series: [line("bare route", bare), line("Lucky Draw", draw)],
  };
}
