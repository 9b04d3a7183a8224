import { mkdir, writeFile } from "node:fs/promises";
import * as echarts from "echarts";
import type { Answer, Asking, Question } from "./question.js";

const RESULTS = new URL("../results/", import.meta.url);

/** Asks one question, shows its answer and keeps it as JSON and SVG. Returns whether its audit was clean. */
export async function ask(
  name: string,
  question: Question,
  quick: boolean,
): Promise<boolean> {
  const began = performance.now();
  console.log(`\n== ${name}`);
  const asking: Asking = { quick, say: (line) => console.log(line) };
  const answer = await question(asking);
  show(answer);
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(`${name}: ${seconds} s`);
  await keep(name, answer, quick);
  return !answer.problems?.length;
}

function show({ tables, targets, problems = [] }: Answer): void {
  for (const { title, rows } of tables) {
    console.log(`\n${title}`);
    console.table(rows);
  }
  for (const { what, wanted, got, met } of targets) {
    console.log(`${met ? "met    " : "NOT MET"}  ${what}: ${got}, ${wanted}`);
  }
  for (const problem of problems) console.error(`AUDIT FAILED: ${problem}`);
}

/** A quick run is for a look, so what the README shows stays. */
async function keep(name: string, answer: Answer, quick: boolean) {
  const folder = quick ? new URL("quick/", RESULTS) : RESULTS;
  await mkdir(folder, { recursive: true });
  const { charts = [], ...figures } = answer;
  const text = JSON.stringify({ name, ...machine(), ...figures }, null, 2);
  await writeFile(new URL(`${name}.json`, folder), `${text}\n`);
  for (const chart of charts) {
    await writeFile(
      new URL(`${chart.file}.svg`, folder),
      drawChart(chart.option),
    );
  }
}

function machine() {
  return { date: new Date().toISOString(), node: process.version };
}

const SIZE = { width: 840, height: 360 };

/** An echarts option as SVG. */
export function drawChart(option: object): string {
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    ...SIZE,
  });
  chart.setOption({ animation: false, backgroundColor: "#fff", ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
