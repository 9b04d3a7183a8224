import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import createSql from "postgres";
import { startProcess } from "../test/process.js";
import { until } from "../test/until.js";
import { audit } from "./support/audit.js";
import { type Load, load } from "./support/load.js";
import {
  type Answer,
  type Asking,
  atLeast,
  round,
} from "./support/question.js";
import { alternate, median, ratio } from "./support/rounds.js";
import { startWorld } from "./support/world.js";

// How many draws a second does one server take, against a bare Fastify route and against the naive design?

/** What is compared, and the colours of the chart. */
const CONTESTANTS = ["bare route", "Lucky Draw", "naive design"] as const;
type Contestant = (typeof CONTESTANTS)[number];

/** Callers who ask again as soon as they are answered. Each contestant runs at its own best. */
const CONNECTIONS = [32, 64, 128];

const TABLES: Record<string, string> = {
  "sample prizes: four draws of five win":
    "insert into prize (id, title, probability, daily_quota, total_quota) values ('FIVE_DOLLAR', '$5 Cash Coupon', 0.005, 100, 500), ('TWO_DOLLAR', '$2 Cash Coupon', 0.02, 500, 5000), ('BUY_ONE_GET_ONE', 'Buy 1 Get 1 Free Coupon', 0.8, null, null)",
  "one draw in a hundred wins":
    "insert into prize (id, title, probability) values ('MUG', 'Mug', 0.01)",
};

export async function throughput({ quick, say }: Asking): Promise<Answer> {
  const answers: Answer[] = [];
  for (const [title, prizes] of Object.entries(TABLES)) {
    say(title);
    answers.push(await compare(title, prizes, { quick, say }));
  }
  const tables = answers.flatMap((answer) => answer.tables);
  return {
    tables,
    targets: answers.flatMap(({ targets }) => targets),
    problems: answers.flatMap(({ problems = [] }) => problems),
    charts: [{ file: "throughput", option: chart(tables) }],
  };
}

async function compare(
  title: string,
  prizes: string,
  { quick, say }: Asking,
): Promise<Answer> {
  const world = await startWorld();
  try {
    const { urls, loads, run } = await contestants(world, prizes);
    const best = {} as Record<Contestant, number>;
    for (const name of CONTESTANTS) {
      await run(name, 64, 2); // warm
      best[name] = await bestOf(name, run, quick ? 1 : 3);
      say(`  ${name} is best with ${best[name]} connections`);
    }
    loads.length = 0;
    await world.sql`delete from result`;
    const seconds = quick ? 2 : 5;
    const seen = await alternate(
      Object.fromEntries(
        CONTESTANTS.map((name) => [name, () => run(name, best[name], seconds)]),
      ),
      quick ? 2 : 7,
      say,
    );
    const ours = await audit(world.sql, seen["Lucky Draw"] ?? []);
    const failures = CONTESTANTS.flatMap((name) =>
      (seen[name] ?? []).some((it) => it.failures > it.connections)
        ? [`${name} at ${urls[name]} failed requests`]
        : [],
    );
    return report(title, seen as Record<Contestant, Load[]>, best, [
      ...ours,
      ...failures,
    ]);
  } finally {
    await world.owner.end();
  }
}

type Run = (
  name: Contestant,
  connections: number,
  seconds: number,
) => Promise<Load>;

/** The three servers, with the same prizes. */
async function contestants(
  world: Awaited<ReturnType<typeof startWorld>>,
  prizes: string,
) {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const { owner } = world;
  const server = await startProcess(owner, world);
  await until("migrations", () => world.sql.unsafe(prizes));
  await until("the prizes", async () => {
    const answer = await fetch(`${server.url}/prizes`);
    if (answer.status !== 200) throw new Error(await answer.text());
  });
  const other = await world.other("naive", 1);
  const sql = createSql(other.databaseUrl, { max: 1, onnotice: () => {} });
  owner.teardown(() => sql.end({ timeout: 1 }));
  const tables = new URL("../sql/001_prizes.sql", import.meta.url);
  await sql.unsafe(await readFile(tables, "utf8"));
  await sql.unsafe(prizes);
  const naive = await startProcess(owner, other, {}, file("naive/server.ts"));
  const bare = await startProcess(owner, world, {}, file("bare.ts"));
  const urls: Record<Contestant, string> = {
    "bare route": bare.url,
    "Lucky Draw": server.url,
    "naive design": naive.url,
  };
  const loads: Load[] = [];
  const run: Run = async (name, connections, seconds) => {
    const one = await load(urls[name], connections, seconds);
    loads.push(one);
    return one;
  };
  return { urls, loads, run };
}

async function bestOf(
  name: Contestant,
  run: Run,
  seconds: number,
): Promise<number> {
  let best = { connections: 0, rate: 0 };
  for (const connections of CONNECTIONS) {
    const { rate } = await run(name, connections, seconds);
    if (rate > best.rate) best = { connections, rate };
  }
  return best.connections;
}

function report(
  title: string,
  seen: Record<Contestant, Load[]>,
  best: Record<Contestant, number>,
  problems: string[],
): Answer {
  const rates = (name: Contestant) => seen[name].map(({ rate }) => rate);
  const ours = rates("Lucky Draw");
  const rows = CONTESTANTS.map((name) => {
    const { median: middle, least, most } = ratio(ours, rates(name));
    return {
      contestant: name,
      connections: best[name],
      "requests/s": Math.round(median(rates(name))),
      "Lucky Draw is": `${round(middle)} × (${round(least)} to ${round(most)})`,
    };
  });
  const toBare = ratio(ours, rates("bare route")).median;
  const toNaive = ratio(ours, rates("naive design")).median;
  return {
    tables: [{ title, rows }],
    targets: [
      atLeast(`of the bare route (${title})`, 0.8, toBare, " ×"),
      atLeast(`of the naive design (${title})`, 15, toNaive, " ×"),
    ],
    problems,
  };
}

function chart(tables: Answer["tables"]) {
  return {
    title: {
      text: "Requests a second, one server, stores and load on two cores",
    },
    grid: { left: 70, right: 20, bottom: 40, top: 80 },
    legend: { top: 34 },
    xAxis: { type: "category", data: tables.map(({ title }) => title) },
    yAxis: { type: "value" },
    series: CONTESTANTS.map((name, n) => ({
      name,
      type: "bar",
      label: { show: true, position: "top" },
      data: tables.map(({ rows }) => rows[n]?.["requests/s"]),
    })),
  };
}
