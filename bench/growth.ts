import { Redis } from "ioredis";
import { pino } from "pino";
import createSql, { type Sql } from "postgres";
import { nameAttempt } from "../src/random.js";
import { createServer } from "../src/server.js";
import { keys } from "../src/stores/keys.js";
import { post } from "../test/support/post.js";
import { startProcess } from "../test/support/server-process.js";
import { audit } from "./support/audit.js";
import { type Load, load } from "./support/load.js";
import {
  type Answer,
  type Asking,
  atLeast,
  atMost,
} from "./support/question.js";
import { alternate, median, ratio } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { type BenchWorld, startWorld } from "./support/world.js";

// Does it grow slower with millions of results, or with millions of participants in a day?

const FEW = 5_000;

export async function growth(asking: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const results = await withResults(world, asking);
    const participants = await withParticipants(world, asking);
    return {
      tables: [...results.tables, ...participants.tables],
      targets: [...results.targets, ...participants.targets],
      problems: participants.problems ?? [],
      charts: results.charts ?? [],
    };
  } finally {
    await world.owner.end();
  }
}

const ACTS = ["reload", "GET /prizes", "POST /draw", "POST /redeem"] as const;

async function withResults(
  world: BenchWorld,
  { quick, say }: Asking,
): Promise<Answer> {
  const many = quick ? 200_000 : 5_000_000;
  const few = await grown(world, "few", 1, FEW, say);
  const large = await grown(world, "many", 2, many, say);
  const rounds = quick ? 60 : 500;
  const rows: Record<string, string | number>[] = [];
  const targets: Answer["targets"] = [];
  for (const act of ACTS) {
    const timed = (side: typeof few) => async () => {
      const began = performance.now();
      await side.acts[act]();
      return performance.now() - began;
    };
    await alternate({ few: timed(few), large: timed(large) }, 20); // warm
    const seen = await alternate(
      { few: timed(few), large: timed(large) },
      rounds,
    );
    const [one, other] = [median(seen.few ?? []), median(seen.large ?? [])];
    rows.push({
      what: act,
      [`ms with ${FEW} results`]: Number(one.toFixed(3)),
      [`ms with ${many} results`]: Number(other.toFixed(3)),
      ratio: Number((other / one).toFixed(2)),
    });
    targets.push(atMost(`${act} with ${many} results`, 1.2, other / one, " ×"));
    say(`  ${act}`);
  }
  return {
    tables: [{ title: "one at a time, medians", rows }],
    targets,
    charts: [{ file: "growth", option: chart(rows) }],
  };
}

/** A server of this process with so many results behind it. */
async function grown(
  world: BenchWorld,
  name: string,
  number: number,
  results: number,
  say: (line: string) => void,
) {
  const stores = await world.other(name, number);
  const log = pino({ level: "silent" });
  const server = createServer(
    { TIME_ZONE: "UTC", DEFAULT_COUNTRY: "HK" },
    { ...stores, log },
  );
  world.owner.teardown(() => server.close());
  await server.open();
  const sql = createSql(stores.databaseUrl, { max: 1, onnotice: () => {} });
  world.owner.teardown(() => sql.end({ timeout: 1 }));
  await sql.unsafe(SAMPLE_PRIZES);
  await fillResults(sql, results, say);
  await server.prizes.reload();
  const url = await server.app.listen({ host: "127.0.0.1", port: 0 });
  let users = 0;
  const won = await sql<{ id: string; username: string }[]>`
    select id, user_id as username from result order by id limit 2000`;
  const acts: Record<(typeof ACTS)[number], () => Promise<unknown>> = {
    reload: () => server.prizes.reload(),
    "GET /prizes": () => fetch(`${url}/prizes`).then((it) => it.text()),
    "POST /draw": () => {
      users += 1;
      return post(`${url}/draw`, { username: `${name} ${users}` });
    },
    "POST /redeem": async () => {
      const answer = await post(`${url}/redeem`, won.pop());
      if (answer.status !== 200) throw new Error(answer.body.error);
    },
  };
  return { acts };
}

/** Results of earlier days, 50,000 a day, as years of a campaign would leave them. */
async function fillResults(
  sql: Sql,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  const page = 500_000;
  for (let from = 0; from < count; from += page) {
    await sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      select gen_random_uuid(), 'earlier ' || n, 'BUY_ONE_GET_ONE', date '2000-01-01' + n / 50000, n + 1,
        n % 50000 + 1, now()
      from generate_series(${from}::int, ${Math.min(count, from + page) - 1}::int) as n`;
    say(`  ${Math.min(count, from + page)} of ${count} results`);
  }
  // As autovacuum would, in time.
  await sql`vacuum analyze result`;
}

async function withParticipants(
  world: BenchWorld,
  { quick, say }: Asking,
): Promise<Answer> {
  const many = quick ? 200_000 : 10_000_000;
  const stores = {
    empty: await world.other("empty", 3),
    crowded: await world.other("crowded", 4),
  };
  const loads = { empty: [] as Load[], crowded: [] as Load[] };
  const sqls: Sql[] = [];
  const contestants: Record<string, () => Promise<Load>> = {};
  for (const side of ["empty", "crowded"] as const) {
    const server = await startProcess(world.owner, stores[side]);
    const sql = createSql(stores[side].databaseUrl, { max: 1 });
    world.owner.teardown(() => sql.end({ timeout: 1 }));
    sqls.push(sql);
    await sql.unsafe(SAMPLE_PRIZES);
    contestants[side] = async () => {
      const its = await load(server.url, 128, quick ? 2 : 4);
      loads[side].push(its);
      return its;
    };
  }
  await fillParticipants(stores.crowded.redisUrl, many, say);
  for (const run of Object.values(contestants)) await run(); // warm
  const seen = await alternate(contestants, quick ? 2 : 5, say);
  const rates = (its: Load[] = []) => its.map(({ rate }) => rate);
  const {
    median: middle,
    least,
    most,
  } = ratio(rates(seen.crowded), rates(seen.empty));
  const problems = [
    ...(await audit(sqls[0] as Sql, loads.empty)),
    ...(await audit(sqls[1] as Sql, loads.crowded)),
  ];
  return {
    tables: [
      {
        title: `draws/s with ${many} participants that day before: ${middle.toFixed(3)} × (${least.toFixed(3)} to ${most.toFixed(3)})`,
        rows: [
          { participants: 0, "draws/s": Math.round(median(rates(seen.empty))) },
          {
            participants: many,
            "draws/s": Math.round(median(rates(seen.crowded))),
          },
        ],
      },
    ],
    targets: [
      atLeast(
        `of the draws/s of an empty day, with ${many} participants`,
        0.9,
        middle,
        " ×",
      ),
    ],
    problems,
  };
}

async function fillParticipants(
  url: string,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  const redis = new Redis(url, { protocol: 2 });
  const date = new Date().toISOString().slice(0, 10);
  const page = 20_000;
  for (let from = 0; from < count; from += page) {
    const filling = redis.pipeline();
    for (let n = from; n < from + page; n += 1) {
      const name = `part${String(n).padStart(8, "0")}`;
      const record = `l${nameAttempt(undefined)}`;
      filling.hset(keys.players(date, name), name, record);
    }
    await filling.exec();
    if ((from + page) % 2_000_000 === 0)
      say(`  ${from + page} of ${count} participants`);
  }
  redis.disconnect();
}

function chart(rows: Record<string, string | number>[]) {
  const columns = Object.keys(rows[0] ?? {}).filter((it) =>
    it.startsWith("ms "),
  );
  return {
    title: { text: "Milliseconds with few and with millions of results" },
    grid: { left: 60, right: 20, bottom: 40, top: 80 },
    legend: { top: 34, itemGap: 30 },
    xAxis: { type: "category", data: rows.map(({ what }) => what) },
    yAxis: { type: "value", name: "ms" },
    series: columns.map((name) => ({
      name: name.replace("ms with ", ""),
      type: "bar",
      label: { show: true, position: "top" },
      data: rows.map((row) => row[name]),
    })),
  };
}
