import { audit } from "../support/audit.js";
import type { Answer, Asking } from "../support/question.js";
import { costs } from "./cost.js";
import { type Play, startStage } from "./lanes.js";
import { starved } from "./starved.js";
import { statements } from "./statements.js";

const SHARDS = [1, 2, 4, 8, 16];

/** What does it cost to spread a campaign over shards? Without servers: the lanes of one, in this process. */
export async function shards(asking: Asking): Promise<Answer> {
  const stage = await startStage();
  try {
    const cost = await costs(stage, SHARDS, asking);
    const ledger = await statements(stage, SHARDS, asking);
    const starving = await starved(stage, SHARDS, asking);
    const plays = [...cost.plays, ...ledger.plays, ...starving.plays];
    const again = {
      title:
        "draws that were refused, since a store took longer than a second, and asked again",
      rows: [
        {
          "Redis's time": refusalsOf(cost.plays),
          statements: refusalsOf(ledger.plays),
          starving: refusalsOf(starving.plays),
        },
      ],
    };
    return {
      tables: [...cost.tables, ...ledger.tables, ...starving.tables, again],
      targets: [...cost.targets, ...ledger.targets],
      charts: [{ file: "shards", option: chart(starving.rows) }],
      problems: [
        ...ledger.problems,
        ...starving.problems,
        ...(await audit(stage.sql, plays.map(loadOf))),
      ],
    };
  } finally {
    await stage.end();
  }
}

/** As a load that ended with every answer seen. */
const loadOf = ({ wins, sample }: Play) => ({
  ...{ wins, sample, connections: 0 },
  ...{ rate: 0, answers: 0, failures: 0, latencies: [] },
});

const refusalsOf = (plays: Play[]) =>
  plays.reduce((sum, { refusals }) => sum + refusals, 0);

function chart(rows: Record<string, string | number>[]) {
  const kinds = [...new Set(rows.map((row) => row["a draw whose prize"]))];
  const counts = [...new Set(rows.map((row) => row.shards))];
  return {
    title: {
      text: "Milliseconds of a draw, by what its shard has of the prize",
    },
    grid: { left: 60, right: 20, bottom: 40, top: 100 },
    legend: { top: 34, itemGap: 20 },
    xAxis: { type: "category", data: counts.map((n) => `${n} shards`) },
    yAxis: { type: "value", name: "ms" },
    series: kinds.map((kind) => ({
      name: kind,
      type: "bar",
      label: { show: true, position: "top", fontSize: 10 },
      data: rows
        .filter((row) => row["a draw whose prize"] === kind)
        .map((row) => row["ms, median"]),
    })),
  };
}
