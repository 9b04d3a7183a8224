import { readFile } from "node:fs/promises";
import type { Table } from "../support/question.js";
import { type Costs, EVENTS, told } from "./fit.js";
import type { Parts } from "./plan.js";

const RESULTS = new URL("../results/", import.meta.url);

type Row = Table["rows"][number];

type Part = Exclude<keyof Parts, "largest">;

export type Figures = {
  parts: Parts;
  /** how far the costs are from the runs that they explain, by part */
  errors: Record<Part, string>;
  /** µs a draw of four servers that share 128 callers: by these costs, and as `processes` measured it */
  four: Record<Part, { computed: number; measured: number }>;
  /** bytes of Redis for each participant of a day */
  memory: { participants: number; loser: number; winner: number }[];
  /** MiB of a server at the largest crowd that was tried */
  server: { crowd: number; memory: number };
};

/**
 * The figures of the last runs. What a part's events cost in relation to each other is from `sizing`; how much, from
 * `processes`, one server and 128 callers, as the bench's README has it: so a run of `sizing` on a busy or slow machine counts.
 */
export async function readFigures(): Promise<Figures> {
  const [costs = [], runs = []] = await rowsOf("sizing");
  const [processes = []] = await rowsOf("processes");
  const [memory = []] = await rowsOf("memory");
  const [rush = []] = await rowsOf("rush");
  const one = find(processes, { servers: 1 });
  const same = find(runs, { "share of wins": 0.8, callers: 128 });
  const costsOf = (part: Part): Costs => {
    const row = find(costs, { part });
    const scale =
      number(one, `${part} µs/draw`) / number(same, `${part} µs/draw`);
    const of = EVENTS.map((event) => [
      event,
      scale * number(row, `µs/${event.slice(0, -1)}`),
    ]);
    return Object.fromEntries(of);
  };
  const error = (part: Part) =>
    String(find(costs, { part })["explains a run to within"]);
  const last = rush.at(-1) as Row;
  const quarter = find(runs, { "share of wins": 0.8, callers: 32 });
  const oneDraw = {
    draws: 1,
    wins: 0.8,
    calls: 1 / number(quarter, "draws/call"),
    inserts: 0.8 / number(quarter, "wins/INSERT"),
  };
  const compare = (part: Part) => ({
    computed: told(costsOf(part), oneDraw),
    measured: number(find(processes, { servers: 4 }), `${part} µs/draw`),
  });
  return {
    parts: {
      server: costsOf("server"),
      redis: costsOf("redis"),
      postgres: costsOf("postgres"),
      largest: {
        call: number(same, "draws/call"),
        insert: number(same, "wins/INSERT"),
      },
    },
    errors: {
      server: error("server"),
      redis: error("redis"),
      postgres: error("postgres"),
    },
    four: {
      server: compare("server"),
      redis: compare("redis"),
      postgres: compare("postgres"),
    },
    memory: memory.map((row) => ({
      participants: number(row, "participants"),
      loser: number(row, "bytes/loser"),
      winner: number(row, "bytes/winner"),
    })),
    server: {
      crowd: number(last, "at once"),
      memory: number(last, "memory, MiB"),
    },
  };
}

async function rowsOf(name: string): Promise<Row[][]> {
  const text = await readFile(new URL(`${name}.json`, RESULTS), "utf8");
  const { tables } = JSON.parse(text) as { tables: Table[] };
  return tables.map(({ rows }) => rows);
}

function find(rows: Row[], wanted: Row): Row {
  const found = rows.find((row) =>
    Object.entries(wanted).every(([name, is]) => row[name] === is),
  );
  if (!found) throw new Error(`no row with ${JSON.stringify(wanted)}`);
  return found;
}

function number(row: Row, name: string): number {
  const value = row[name];
  if (typeof value !== "number") throw new Error(`no number: ${name}`);
  return value;
}
