import type { Figures } from "./figures.js";
import { BUSY, type Plan, plan } from "./plan.js";

const SHARE = 0.1;

const LINES: Record<string, (plan: Plan) => number> = {
  servers: ({ servers }) => servers,
  shards: ({ shards }) => shards,
  "Postgres cores": ({ busy }) => busy.postgres / BUSY,
};

/** How much of each it takes, from a thousand draws a second to a million. */
export function chartOf({ parts }: Figures): object {
  const rates = Array.from({ length: 61 }, (_, n) => 10 ** (3 + n / 20));
  const plans = rates.map((draws) => plan(parts, { draws, share: SHARE }));
  return {
    title: { text: "What it takes where one draw in ten wins" },
    grid: { left: 60, right: 40, bottom: 50, top: 80 },
    legend: { top: 40, itemGap: 30 },
    xAxis: {
      type: "log",
      name: "draws a second",
      nameLocation: "middle",
      nameGap: 30,
      min: 1_000,
      max: 1_000_000,
      axisLabel: { formatter: (n: number) => n.toLocaleString("en") },
    },
    yAxis: { type: "log", min: 0.1 },
    series: Object.entries(LINES).map(([name, of]) => ({
      name,
      type: "line",
      symbol: "none",
      data: plans.flatMap((it) => (it ? [[it.draws, of(it)]] : [])),
    })),
  };
}
