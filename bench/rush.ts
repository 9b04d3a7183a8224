import { type Crowd, crowd, memory } from "../test/overload/measure.js";
import { startContestants } from "./support/contestants.js";
import { load } from "./support/load.js";
import { type Answer, type Asking, atMost, round } from "./support/question.js";
import { median, quantile } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { startWorld } from "./support/world.js";

// How does a server take a crowd, all of it at the same moment, each caller on a new connection?

const CROWDS = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000];

/** Of one crowd: milliseconds of the median and the last answer, the part that was refused, and the server's MiB. */
type Met = {
  median: number;
  last: number;
  refusedMedian: number;
  refused: number;
  other: number;
  memory: number;
};

export async function rush({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const { server, urls } = await startContestants(world, SAMPLE_PRIZES, []);
    const warm = await load(urls.draw, 100, quick ? 1 : 3);
    const rounds = quick ? 1 : 5;
    const met = new Map<number, Met[]>(CROWDS.map((callers) => [callers, []]));
    let accepted = 0;
    for (let n = 0; n < rounds; n += 1) {
      for (const callers of CROWDS) {
        const came = await crowd(server.url, callers);
        accepted += came.accepted.length;
        const used = await memory(server.child.pid);
        met.get(callers)?.push(summary(came, callers, used));
      }
      say(`  round ${n + 1} of ${rounds}`);
    }
    const [row] = await world.sql`
      select count(*)::int as rows, count(distinct (user_id, draw_date))::int as users from result`;
    const problems: string[] = [];
    if (row?.rows !== row?.users) problems.push("users with two wins");
    if (row?.rows > accepted + warm.answers + 100)
      problems.push("rows beyond the answers");
    return report(met, problems);
  } finally {
    await world.owner.end();
  }
}

function summary(came: Crowd, callers: number, used: number): Met {
  return {
    median: quantile(came.accepted, 0.5),
    last: Math.max(...came.accepted),
    refusedMedian: quantile(came.refused, 0.5),
    refused: came.refused.length / callers,
    other: came.other.length,
    memory: used,
  };
}

function report(seen: Map<number, Met[]>, problems: string[]): Answer {
  const of = (callers: number, part: keyof Met) =>
    median((seen.get(callers) ?? []).map((met) => met[part]));
  const rows = CROWDS.map((callers) => ({
    "at once": callers,
    "median, ms": round(of(callers, "median")),
    "last, ms": round(of(callers, "last")),
    "refused, %": round(100 * of(callers, "refused")),
    "their median, ms": round(of(callers, "refusedMedian")) || "",
    "memory, MiB": round(of(callers, "memory")),
  }));
  for (const callers of CROWDS) {
    if (of(callers, "other") > 0) problems.push(`${callers}: cut off`);
  }
  const small = CROWDS.filter((callers) => callers <= 3_200);
  return {
    tables: [{ title: "new connections at the same moment", rows }],
    targets: [
      atMost(
        "refused of 3,200 and fewer",
        0,
        Math.max(...small.map((callers) => of(callers, "refused"))),
      ),
      atMost(
        "the last answer to 3,200 and fewer",
        2_000,
        Math.max(...small.map((callers) => of(callers, "last"))),
        " ms",
      ),
      atMost("the last answer to 10,000", 2_000, of(10_000, "last"), " ms"),
      atMost("memory", 381, of(10_000, "memory"), " MiB"),
    ],
    problems,
    charts: [{ file: "rush", option: chart(rows) }],
  };
}

function chart(rows: Record<string, string | number>[]) {
  const line = (name: string) => ({
    name,
    type: "line",
    data: rows.map((row) => row[name]),
  });
  return {
    title: {
      text: "Milliseconds to an answer, all callers at the same moment",
    },
    grid: { left: 60, right: 60, bottom: 50, top: 80 },
    legend: { top: 34, itemGap: 30 },
    xAxis: {
      type: "category",
      name: "new connections at once",
      nameLocation: "middle",
      nameGap: 30,
      data: rows.map((row) => row["at once"]),
    },
    yAxis: [
      { type: "value", name: "ms" },
      { type: "value", name: "refused, %", max: 100 },
    ],
    series: [
      line("median, ms"),
      line("last, ms"),
      { ...line("refused, %"), type: "bar", yAxisIndex: 1 },
    ],
  };
}
