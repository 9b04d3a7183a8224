import createSql from "postgres";
import { scrape } from "../test/support/scrape.js";
import { startProcess } from "../test/support/server-process.js";
import { until } from "../test/support/until.js";
import { type Counts, EVENTS, fit, told } from "./sizing/fit.js";
import { audit } from "./support/audit.js";
import { type Load, load } from "./support/load.js";
import { type Answer, type Asking, round } from "./support/question.js";
import { alternate, median, quantile } from "./support/rounds.js";
import { type BenchWorld, startWorld } from "./support/world.js";

// What do a draw, a win, a call of draw.lua and an INSERT cost each part? sizing/ computes src/deploy/sizing.md from it.

/** Parts of the draws that win. */
const SHARES = [0.01, 0.3, 0.8];

/** Callers who ask again as soon as they are answered: the fewer, the smaller the batches. */
const CALLERS = [1, 8, 32, 128];

/** Linux counts in hundredths of a second: a time of fewer than ten of them says little. */
const LEAST = 100_000;

const PARTS = ["server", "redis", "postgres"] as const;

type Run = Counts & Record<(typeof PARTS)[number], number> & { wait: number };

export async function sizing({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const loads = new Map<number, Load[]>();
    const runs: Record<string, () => Promise<Run>> = {};
    const databases: Awaited<ReturnType<typeof startShare>>[] = [];
    for (const share of SHARES) {
      const it = await startShare(world, share, databases.length + 1);
      loads.set(databases.push(it) - 1, [await load(it.url, 64, 2)]); // warm
      for (const callers of CALLERS) {
        runs[`${share} ${callers}`] = async () => {
          const before = await it.counts();
          const its = await load(it.url, callers, quick ? 1 : 3);
          const after = await it.counts();
          loads.get(databases.indexOf(it))?.push(its);
          const wait = quantile(its.latencies, 0.5);
          const grown = Object.entries(after).map(([name, n]) => [
            name,
            n - before[name as keyof typeof before],
          ]);
          return { ...Object.fromEntries(grown), wait } as Run;
        };
      }
    }
    const seen = await alternate(runs, quick ? 1 : 5, say);
    const problems: string[] = [];
    for (const [n, { sql }] of databases.entries()) {
      problems.push(...(await audit(sql, loads.get(n) ?? [])));
    }
    return { ...report(seen), targets: [], problems };
  } finally {
    await world.owner.end();
  }
}

/** A server with a database of its own, where this part of the draws wins. */
async function startShare(world: BenchWorld, share: number, number: number) {
  const stores = await world.other(`share${number}`, number);
  const sql = createSql(stores.databaseUrl, { max: 1, onnotice: () => {} });
  world.owner.teardown(() => sql.end({ timeout: 1 }));
  const { url, child } = await startProcess(world.owner, stores, {
    METRICS: "on",
  });
  await until("tables", () => sql`select from result limit 1`);
  await sql`insert into prize (id, title, probability) values ('MUG', 'Mug', ${share})`;
  await until("the prizes in force", async () => {
    const answer = await fetch(`${url}/readyz`);
    if (answer.status !== 200) throw new Error(await answer.text());
  });
  /** What happened so far, and microseconds of processor time. */
  async function counts() {
    const { value } = await scrape(url);
    const of = (name: string, labels = {}) => value(name, labels) ?? 0;
    return {
      draws: of("lucky_draw_batch_draws_sum"),
      wins: of("lucky_draw_insert_rows_sum"),
      calls: of("lucky_draw_batch_draws_count"),
      inserts: of("lucky_draw_insert_rows_count"),
      ...(await world.cpu([child.pid ?? 0])),
    };
  }
  return { url, sql, counts };
}

function report(seen: Record<string, Run[]>): Pick<Answer, "tables"> {
  const all = Object.values(seen).flat();
  const costs = PARTS.map((part) => {
    const clear = all.filter((run) => run[part] >= LEAST);
    const its = fit(clear.map((run) => ({ ...run, time: run[part] })));
    const errors = clear.map((run) => Math.abs(told(its, run) / run[part] - 1));
    return {
      part,
      ...Object.fromEntries(
        EVENTS.map((event) => [`µs/${event.slice(0, -1)}`, round(its[event])]),
      ),
      "explains a run to within": `${Math.round(100 * median(errors))} %`,
    };
  });
  const rows = Object.entries(seen).map(([name, runs]) => {
    const [share, callers] = name.split(" ").map(Number);
    const middle = (of: (run: Run) => number) => round(median(runs.map(of)));
    return {
      "share of wins": share ?? 0,
      callers: callers ?? 0,
      "draws/call": middle((run) => run.draws / run.calls),
      "wins/INSERT": middle((run) => run.wins / run.inserts),
      ...Object.fromEntries(
        PARTS.map((part) => [
          `${part} µs/draw`,
          middle((run) => run[part] / run.draws),
        ]),
      ),
      "median wait, ms": middle((run) => run.wait),
    };
  });
  return {
    tables: [
      { title: "processor time of each part", rows: costs },
      { title: "the runs, medians", rows },
    ],
  };
}
