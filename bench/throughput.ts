import { audit } from "./support/audit.js";
import { startContestants } from "./support/contestants.js";
import { type Load, load } from "./support/load.js";
import {
  type Answer,
  type Asking,
  atLeast,
  atMost,
  round,
} from "./support/question.js";
import { alternate, median, ratio } from "./support/rounds.js";
import { RARE_PRIZE, SAMPLE_PRIZES } from "./support/tables.js";
import { cpuShares, startWorld } from "./support/world.js";

// How many draws a second does one server take, against a bare Fastify route and against the naive design?

const CONTESTANTS = ["bare", "draw", "naive"] as const;
type Contestant = (typeof CONTESTANTS)[number];

const NAMES: Record<Contestant, string> = {
  bare: "bare route",
  draw: "Lucky Draw",
  naive: "naive design",
};

/** Callers who ask again as soon as they are answered. Each contestant runs at its own best. */
const CONNECTIONS = [32, 64, 128];

/** A load, and the microseconds of processor time that each of its answers took the server. */
type Run = Load & { user: number; system: number };

const TABLES = {
  "sample prizes: four draws of five win": SAMPLE_PRIZES,
  "one draw in a hundred wins": RARE_PRIZE,
};

export async function throughput({ quick, say }: Asking): Promise<Answer> {
  const answers: Answer[] = [];
  for (const [title, prizes] of Object.entries(TABLES)) {
    if (quick && answers.length > 0) break;
    say(title);
    answers.push(await compare(title, prizes, { quick, say }));
  }
  const tables = answers.flatMap((answer) => answer.tables);
  return {
    tables,
    targets: answers.flatMap(({ targets }) => targets),
    problems: answers.flatMap(({ problems = [] }) => problems),
    charts: [{ file: "throughput", option: chart(tables) }],
  };
}

async function compare(
  title: string,
  prizes: string,
  { quick, say }: Asking,
): Promise<Answer> {
  const world = await startWorld();
  try {
    const { urls, pids } = await startContestants(world, prizes, [
      "bare",
      "naive",
    ]);
    const best = {} as Record<Contestant, number>;
    const before: Load[] = [];
    for (const name of CONTESTANTS) {
      const warm = await load(urls[name], 64, quick ? 1 : 2);
      const widths = quick ? CONNECTIONS.slice(1) : CONNECTIONS;
      const tries = await sweep(urls[name], widths, quick ? 1 : 2);
      if (name === "draw") before.push(warm, ...tries);
      best[name] = bestOf(tries);
      say(`  ${NAMES[name]}: best with ${best[name]} connections`);
    }
    const run = (name: Contestant) => async (): Promise<Run> => {
      const before = await cpuShares(pids[name]);
      const its = await load(urls[name], best[name], quick ? 2 : 4);
      const after = await cpuShares(pids[name]);
      const user = (after.user - before.user) / its.answers;
      const system = (after.system - before.system) / its.answers;
      return { ...its, user, system };
    };
    const seen = await alternate(
      { bare: run("bare"), draw: run("draw"), naive: run("naive") },
      quick ? 2 : 5,
      say,
    );
    const loads = seen as Record<Contestant, Run[]>;
    const problems = await audit(world.sql, [...before, ...loads.draw]);
    for (const name of CONTESTANTS) {
      const failed = loads[name].reduce((sum, it) => sum + it.failures, 0);
      if (failed > 0) problems.push(`${NAMES[name]} failed ${failed} requests`);
    }
    return report(title, loads, best, problems);
  } finally {
    await world.owner.end();
  }
}

async function sweep(
  url: string,
  widths: number[],
  seconds: number,
): Promise<Load[]> {
  const tries: Load[] = [];
  for (const connections of widths) {
    tries.push(await load(url, connections, seconds));
  }
  return tries;
}

const bestOf = (tries: Load[]) =>
  tries.reduce((best, one) => (one.rate > best.rate ? one : best)).connections;

function report(
  title: string,
  seen: Record<Contestant, Run[]>,
  best: Record<Contestant, number>,
  problems: string[],
): Answer {
  const rates = (name: Contestant) => seen[name].map(({ rate }) => rate);
  const ours = rates("draw");
  const rows = CONTESTANTS.map((name) => {
    const { median: middle, least, most } = ratio(ours, rates(name));
    return {
      contestant: NAMES[name],
      connections: best[name],
      "requests/s": Math.round(median(rates(name))),
      "Lucky Draw is": `${round(middle)} × (${round(least)} to ${round(most)})`,
      "server µs, user": round(median(seen[name].map((it) => it.user))),
      "server µs, system": round(median(seen[name].map((it) => it.system))),
    };
  });
  const cpu = (name: Contestant) => seen[name].map((it) => it.user + it.system);
  const toBare = ratio(ours, rates("bare")).median;
  const toNaive = ratio(ours, rates("naive")).median;
  return {
    tables: [{ title, rows }],
    targets: [
      atLeast(`of the bare route (${title})`, 0.5, toBare, " ×"),
      atMost(
        `the bare route's processor time (${title})`,
        1.4,
        ratio(cpu("draw"), cpu("bare")).median,
        " ×",
      ),
      atLeast(`of the naive design (${title})`, 15, toNaive, " ×"),
    ],
    problems,
  };
}

function chart(tables: Answer["tables"]) {
  return {
    title: {
      text: "Requests a second, one server, stores and load on two cores",
    },
    grid: { left: 70, right: 20, bottom: 40, top: 80 },
    legend: { top: 34, itemGap: 30 },
    xAxis: { type: "category", data: tables.map(({ title }) => title) },
    yAxis: { type: "value" },
    series: CONTESTANTS.map((name, n) => ({
      name: NAMES[name],
      type: "bar",
      label: { show: true, position: "top" },
      data: tables.map(({ rows }) => rows[n]?.["requests/s"]),
    })),
  };
}
