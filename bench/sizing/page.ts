import type { Figures } from "./figures.js";
import { EVENTS } from "./fit.js";
import { BUSY, most, type Plan, plan } from "./plan.js";

/** Draws a second that the page has a row for. */
export const RATES = [
  1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000,
];

/** Parts of the draws that win. */
export const SHARES = [0.01, 0.1, 0.8];

/** A server's connections of Postgres. */
const CONNECTIONS = 5;

/** The tables of the page, by the name of the place that they stand at. */
export function tablesOf(figures: Figures): Record<string, string> {
  return {
    costs: costs(figures),
    ...Object.fromEntries(
      SHARES.map((share) => [percent(share), plans(figures, share)]),
    ),
    limits: limits(figures),
    memory: memory(figures),
  };
}

/** The page with its tables made anew; what stands between them is kept. */
export function withTables(page: string, figures: Figures): string {
  return Object.entries(tablesOf(figures)).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const parts = text.split(begin);
    const rest = parts[1]?.split(end);
    if (parts.length !== 2 || rest?.length !== 2) {
      throw new Error(`the page has no place, or several, for ${name}`);
    }
    return `${parts[0]}${begin}\n${table}\n${end}${rest[1]}`;
  }, page);
}

function costs({ parts, errors, four }: Figures): string {
  const checks = Object.entries(four).map(
    ([part, { computed, measured }]) =>
      `${part} ${Math.round(computed)} µs a draw and ${Math.round(measured)}`,
  );
  const check = `With four servers that share 128 callers, computed and measured (\`processes\`): ${checks.join(", ")}.`;
  const rows = (["server", "redis", "postgres"] as const).map((part) => [
    part,
    ...EVENTS.map((event) => short(parts[part][event])),
    errors[part],
  ]);
  const its = table(
    [
      "µs of a core",
      "a draw",
      "a win",
      "a call of `draw.lua`",
      "an INSERT, with what settles it",
      "explains a run to within",
    ],
    rows,
  );
  return `${its}

${check}`;
}

function plans({ parts }: Figures, share: number): string {
  const rows = RATES.map((draws) => {
    const it = plan(parts, { draws, share });
    return it ? planned(it) : [whole(draws), "beyond 64 shards"];
  });
  return table(
    [
      "draws/s",
      "servers",
      "shards",
      "Redis cores",
      "Postgres cores",
      "connections of Postgres",
      "draws a call",
      "a call under way, ms",
    ],
    rows,
  );
}

const planned = (it: Plan) => [
  whole(it.draws),
  whole(it.servers),
  whole(it.shards),
  short(it.busy.redis / BUSY),
  short(it.busy.postgres / BUSY),
  whole(it.servers * CONNECTIONS),
  short(it.batch),
  whole(it.turn),
];

function limits({ parts }: Figures): string {
  const until = (wanted: (plan: Plan) => boolean) =>
    SHARES.map((share) => {
      const draws = most(parts, share, wanted);
      return draws > 1_990_000 ? "over 2,000,000" : whole(draws);
    });
  return table(
    [
      "up to so many draws/s suffices",
      ...SHARES.map((it) => `${percent(it)} win`),
    ],
    [
      ["one server", ...until(({ servers }) => servers === 1)],
      ["one shard", ...until(({ shards }) => shards === 1)],
      [
        "a Postgres with 100 connections, no PgBouncer",
        ...until(({ servers }) => servers * CONNECTIONS <= 95),
      ],
      [
        "8 cores of Postgres",
        ...until(({ busy }) => busy.postgres <= 8 * BUSY),
      ],
      [
        "32 cores of Postgres",
        ...until(({ busy }) => busy.postgres <= 32 * BUSY),
      ],
      ["64 shards", ...until(() => true)],
    ],
  );
}

function memory({ memory, server }: Figures): string {
  const rows = memory.map(({ participants, loser, winner }) => [
    whole(participants),
    ...SHARES.map((share) =>
      short((participants * (loser + share * (winner - loser))) / 2 ** 20),
    ),
  ]);
  const servers = `A server had ${whole(server.memory)} MiB with ${whole(server.crowd)} callers at once (measured by \`rush\`).`;
  const redis = table(
    [
      "participants a day",
      ...SHARES.map((it) => `MiB of Redis, ${percent(it)} win`),
    ],
    rows,
  );
  return `${redis}

${servers}`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${[...cells, ...head.slice(cells.length).map(() => "")].join(" | ")} |`;
  const rule = `|${head.map(() => "---|").join("")}`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

const whole = (n: number) =>
  Number(n.toPrecision(n > 1_000 ? 3 : 6)).toLocaleString("en", {
    maximumFractionDigits: 0,
  });

/** Two digits that count. */
const short = (n: number) =>
  Number(n.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 2 });
