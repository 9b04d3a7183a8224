import { Redis } from "ioredis";
import createSql, { type Sql } from "postgres";
import { keys } from "../src/stores/keys.js";
import { post } from "../test/support/post.js";
import { startProcess } from "../test/support/server-process.js";
import { audit } from "./support/audit.js";
import { load } from "./support/load.js";
import { type Answer, type Asking, atMost } from "./support/question.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { type BenchWorld, startWorld } from "./support/world.js";

// Redis loses everything in the middle of a day: how long until draws go on, and until all of the day's winners are back?

export async function loss({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  const rows: Record<string, string | number>[] = [];
  const targets: Answer["targets"] = [];
  const problems: string[] = [];
  try {
    const sizes = quick ? [10_000, 100_000] : [10_000, 400_000, 5_000_000];
    for (const [n, winners] of sizes.entries()) {
      const seen = await lose(world, n + 1, winners, say);
      problems.push(...seen.problems);
      rows.push({
        "winners of the day": winners,
        "ms until a draw is answered": Math.round(seen.draw),
        "ms until a winner is told the win": Math.round(seen.winner),
        "draws/s meanwhile": Math.round(seen.rate),
        "s until all are back": Number(seen.whole.toFixed(1)),
      });
      targets.push(
        atMost(
          `until draws go on, with ${winners} winners`,
          2_000,
          Math.max(seen.draw, seen.winner),
          " ms",
        ),
      );
    }
    return {
      tables: [{ title: "after FLUSHALL", rows }],
      targets,
      problems,
    };
  } finally {
    await world.owner.end();
  }
}

async function lose(
  world: BenchWorld,
  number: number,
  winners: number,
  say: (line: string) => void,
) {
  const stores = await world.other(`loss_${number}`, number);
  const sql = createSql(stores.databaseUrl, { max: 1, onnotice: () => {} });
  const redis = new Redis(stores.redisUrl, { protocol: 2 });
  const server = await startProcess(world.owner, stores);
  try {
    await sql.unsafe(SAMPLE_PRIZES);
    const date = new Date().toISOString().slice(0, 10);
    await fillWinners(sql, date, winners, say);
    const epoch = () => redis.hget(keys.takenToday(date), "@epoch");
    await until(async () => /^\d+-\w+$/.test((await epoch()) ?? ""));
    say(`  ${winners} winners are known`);

    await redis.flushdb();
    const began = performance.now();
    const answered = async (username: string) => {
      await until(async () => {
        const { status } = await post(`${server.url}/draw`, { username });
        return status === 200;
      });
      return performance.now() - began;
    };
    const draw = await answered("somebody new");
    const winner = await answered(`winner ${winners}`);
    const its = await load(server.url, 128, 2);
    await until(async () => /^\d+-\w+$/.test((await epoch()) ?? ""));
    const whole = (performance.now() - began) / 1_000;
    // The rows that were filled in are beyond what was announced.
    const found = await audit(sql, [its]);
    const problems = found.filter((it) => !it.startsWith("rows beyond"));
    return { draw, winner, whole, rate: its.rate, problems };
  } finally {
    await server.end("SIGTERM");
    redis.disconnect();
    await sql.end({ timeout: 1 });
  }
}

async function fillWinners(
  sql: Sql,
  date: string,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  const page = 500_000;
  for (let from = 0; from < count; from += page) {
    const to = Math.min(count, from + page);
    await sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      select gen_random_uuid(), 'winner ' || n, 'BUY_ONE_GET_ONE', ${date}::text::date, n, n, now()
      from generate_series(${from + 1}::int, ${to}::int) as n`;
    if (count > page) say(`  ${to} of ${count} winners`);
  }
  await sql`vacuum analyze result`;
}

/** Waits for a state, at most ten minutes. */
async function until(isReached: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 600_000;
  while (!(await isReached().catch(() => false))) {
    if (performance.now() > end) throw new Error("it did not come about");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
