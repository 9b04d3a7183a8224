import { readFile, writeFile } from "node:fs/promises";
import { drawChart } from "../support/report.js";
import { chartOf } from "./chart.js";
import { readFigures } from "./figures.js";
import { withTables } from "./page.js";

/** `npm run sizing`: makes the tables of src/deploy/sizing.md and its chart anew, from the last figures of the bench. */

const PAGE = new URL("../../src/deploy/sizing.md", import.meta.url);
const CHART = new URL("../results/sizing.svg", import.meta.url);

const figures = await readFigures();
await writeFile(PAGE, withTables(await readFile(PAGE, "utf8"), figures));
await writeFile(CHART, drawChart(chartOf(figures)));
