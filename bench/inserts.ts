import { randomUUID } from "node:crypto";
import createSql from "postgres";
import type { Win } from "../src/outbox/win.js";
import { createResults } from "../src/results/results.js";
import { migrate } from "../src/stores/migrate.js";
import { createPostgres } from "../src/stores/postgres.js";
import {
  type Answer,
  type Asking,
  atLeast,
  round,
} from "./support/question.js";
import { alternate, median, ratio } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { startWorld } from "./support/world.js";

// How many wins a second does Postgres take in batches, against one INSERT per win?

/** Wins that wait at the same time. */
const WAITING = [64, 512];

/** Connections for one INSERT per win: the default of postgres.js. More brought nothing on two cores. */
const CONNECTIONS = 10;

type Run = { rate: number; cost: number };

export async function inserts({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    await migrate(world.databaseUrl, false);
    await world.sql.unsafe(SAMPLE_PRIZES);
    const postgres = createPostgres(world.databaseUrl);
    const results = createResults(postgres, "default", false);
    const sql = createSql(world.databaseUrl, {
      max: CONNECTIONS,
      connection: { jit: "off" } as Record<string, string>,
    });
    world.owner.teardown(() => postgres.close());
    world.owner.teardown(() => sql.end({ timeout: 1 }));
    const amount = quick ? 20_000 : 40_000;
    let unit = 0;

    function newWin(): Win {
      unit += 1;
      const user_id = `user${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}-${unit}`;
      const draw_date = "2099-11-22";
      return {
        ...{
          id: randomUUID(),
          user_id,
          prize_id: "BUY_ONE_GET_ONE",
          draw_date,
        },
        ...{
          unit,
          day_unit: unit,
          draw_no: 1,
          created_at: Date.now(),
          attempt: "",
          roll: 0,
        },
        entry: { id: "", draw_date, left: new Set() },
      };
    }

    async function together(win: Win): Promise<void> {
      const fate = await results.record(win);
      if (fate !== "recorded") throw new Error(fate);
    }

    async function single(win: Win): Promise<void> {
      await sql`
        insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
        values (${win.id}, ${win.user_id}, ${win.prize_id}, ${win.draw_date}, ${win.unit}, ${win.day_unit},
          ${new Date(win.created_at)})`;
    }

    /** Keeps so many wins waiting. */
    async function run(
      record: (win: Win) => Promise<void>,
      waiting: number,
    ): Promise<Run> {
      const stock = Array.from({ length: amount }, newWin);
      const before = await world.cpu();
      const began = performance.now();
      let wins = 0;
      const lane = async () => {
        for (let win = stock[wins]; win; win = stock[wins]) {
          wins += 1;
          await record(win);
        }
      };
      await Promise.all(Array.from({ length: waiting }, lane));
      const took = (performance.now() - began) / 1_000;
      const after = await world.cpu();
      return {
        rate: wins / took,
        cost: (after.postgres - before.postgres) / wins,
      };
    }

    const tables: Answer["tables"] = [];
    const targets: Answer["targets"] = [];
    for (const waiting of WAITING) {
      say(`${waiting} wins waiting`);
      const seen = (await alternate(
        {
          together: () => run(together, waiting),
          single: () => run(single, waiting),
        },
        quick ? 2 : 5,
        say,
      )) as Record<"together" | "single", Run[]>;
      const rates = (its: Run[]) => its.map(({ rate }) => rate);
      const {
        median: times,
        least,
        most,
      } = ratio(rates(seen.together), rates(seen.single));
      const row = (what: string, its: Run[]) => ({
        waiting,
        what,
        "wins/s": Math.round(median(rates(its))),
        "Postgres, µs/win": round(median(its.map(({ cost }) => cost))),
      });
      tables.push({
        title: `${waiting} wins waiting: ${round(times)} × (${round(least)} to ${round(most)})`,
        rows: [
          row("all that wait in one INSERT", seen.together),
          row(`an INSERT each, ${CONNECTIONS} connections`, seen.single),
        ],
      });
      targets.push(
        atLeast(`of an INSERT per win, ${waiting} waiting`, 5, times, " ×"),
      );
    }
    const [row] = await world.sql`
      select count(*)::int as n, count(distinct unit)::int as units from result`;
    const problems =
      row?.n === unit && row.units === unit ? [] : ["rows are missing"];
    return { tables, targets, problems };
  } finally {
    await world.owner.end();
  }
}
