import autocannon from "autocannon";
import { audit } from "./support/audit.js";
import { startContestants } from "./support/contestants.js";
import { type Load, load } from "./support/load.js";
import {
  type Answer,
  type Asking,
  atLeast,
  round,
} from "./support/question.js";
import { alternate, median, ratio } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { startWorld } from "./support/world.js";

// What does the way to a draw cost: GET /prizes alone, and a first visit (the page, its files, the prizes, a draw)?

const CONNECTIONS = 100;

type Seen = { rate: number; failures: number };

export async function visit({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const { urls } = await startContestants(world, SAMPLE_PRIZES, ["bare"]);
    const seconds = quick ? 2 : 4;
    const files = await filesOf(urls.draw);
    const draws: Load[] = [];
    const others: Seen[] = [];
    const keep = async (running: Promise<Seen>) => {
      const seen = await running;
      others.push(seen);
      return seen.rate;
    };
    const contestants = {
      bare: async () => (await load(urls.bare, CONNECTIONS, seconds)).rate,
      draw: async () => {
        const seen = await load(urls.draw, CONNECTIONS, seconds);
        draws.push(seen);
        return seen.rate;
      },
      prizes: () => keep(ask(urls.draw, ["/prizes"], seconds)),
      files: () => keep(ask(urls.draw, files, seconds)),
    };
    for (const run of Object.values(contestants)) await run(); // warm
    const seen = await alternate<number>(contestants, quick ? 2 : 5, say);
    const failures = others.reduce((sum, it) => sum + it.failures, 0);
    const problems = await audit(world.sql, draws);
    if (failures > 0) problems.push(`requests that failed: ${failures}`);
    return report(seen, files.length, problems);
  } finally {
    await world.owner.end();
  }
}

/** The page and the files that it names. */
async function filesOf(url: string): Promise<string[]> {
  const html = await (await fetch(url)).text();
  const names = html.match(/assets\/\w+\/[\w.-]+/g) ?? [];
  return ["/", ...new Set(names.map((name) => `/${name}`))];
}

async function ask(
  url: string,
  paths: string[],
  seconds: number,
): Promise<Seen> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    headers: { "accept-encoding": "br" },
    requests: paths.map((path) => ({ method: "GET", path })),
  });
  return {
    rate: result["2xx"] / result.duration,
    failures: result.non2xx + result.errors,
  };
}

function report(
  seen: Record<string, number[]>,
  files: number,
  problems: string[],
): Answer {
  const { bare = [], draw = [], prizes = [], files: ofFiles = [] } = seen;
  // One visit after the other: the times that its parts take together.
  const visits = draw.map(
    (rate, n) =>
      1 /
      (1 / rate +
        1 / (prizes[n] ?? Number.NaN) +
        files / (ofFiles[n] ?? Number.NaN)),
  );
  const row = (what: string, rates: number[]) => {
    const { median: middle, least, most } = ratio(rates, bare);
    return {
      what,
      "a second": Math.round(median(rates)),
      "of the bare route": `${round(middle)} × (${round(least)} to ${round(most)})`,
    };
  };
  return {
    tables: [
      {
        title: `${CONNECTIONS} connections, sample prizes`,
        rows: [
          row("bare route", bare),
          row("GET /prizes", prizes),
          row("POST /draw", draw),
          row(`the page's ${files} files`, ofFiles),
          row("first visits: page and files, prizes, draw", visits),
        ],
      },
    ],
    targets: [
      atLeast(
        "GET /prizes of the bare route",
        0.8,
        ratio(prizes, bare).median,
        " ×",
      ),
      atLeast(
        "the page's files of the bare route",
        0.8,
        ratio(ofFiles, bare).median,
        " ×",
      ),
    ],
    problems,
  };
}
