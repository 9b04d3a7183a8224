import { readFile } from "node:fs/promises";
import t from "tap";
import { chartOf } from "../../bench/sizing/chart.js";
import { readFigures } from "../../bench/sizing/figures.js";
import { type Counts, EVENTS, fit, told } from "../../bench/sizing/fit.js";
import { withTables } from "../../bench/sizing/page.js";
import { BUSY, plan } from "../../bench/sizing/plan.js";
import { drawChart } from "../../bench/support/report.js";

// src/deploy/sizing.md says what the bench found.

t.test("the page and its chart are as npm run sizing makes them", async (t) => {
  const figures = await readFigures();
  const page = await readFile("src/deploy/sizing.md", "utf8");
  t.equal(page, withTables(page, figures), "npm run sizing");
  const chart = await readFile("bench/results/sizing.svg", "utf8");
  t.equal(chart, drawChart(chartOf(figures)), "npm run sizing");
});

t.test("costs are found again in the times that they made", async (t) => {
  const costs = { draws: 40, wins: 9, calls: 150, inserts: 80 };
  const runs = [1, 4, 20, 60].flatMap((batch) =>
    [0.02, 0.5, 1].map((share) => {
      const draws = 10_000;
      const wins = draws * share;
      const counts: Counts = {
        draws,
        wins,
        calls: draws / batch,
        inserts: wins / Math.max(1, batch * share),
      };
      return { ...counts, time: told(costs, counts) };
    }),
  );
  const found = fit(runs);
  for (const event of EVENTS) {
    t.ok(Math.abs(found[event] / costs[event] - 1) < 0.01, event);
  }
});

t.test("costs explain servers that they were not found from", async (t) => {
  const { four } = await readFigures();
  for (const [part, { computed, measured }] of Object.entries(four)) {
    const ratio = computed / measured;
    t.ok(ratio > 0.7 && ratio < 1.4, `${part}: ${ratio}`);
  }
});

t.test("a plan takes its load, and is no larger than that", async (t) => {
  const { parts } = await readFigures();
  let before = 0;
  for (const draws of [1_000, 10_000, 100_000, 400_000]) {
    const it = plan(parts, { draws, share: 0.1 });
    if (!it) throw new Error(`no plan for ${draws}`);
    const { servers, shards, busy } = it;
    t.ok(busy.servers <= BUSY * servers, `${servers} servers`);
    t.ok(busy.redis <= BUSY * shards, `${shards} shards`);
    t.ok(busy.servers > BUSY * (servers - 1) * 0.9, "one fewer is too few");
    t.ok(servers >= before, "more draws, no fewer servers");
    before = servers;
  }
});
