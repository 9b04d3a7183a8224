import assert from "node:assert/strict";
import { keys } from "../../src/stores/keys.js";
import { until } from "../support/until.js";
import { explain } from "./answers.js";
import {
  createModel,
  dateOf,
  isLast,
  type Model,
  nameOf,
  resetsAt,
  stock,
  today,
} from "./model.js";
import type { Rules } from "./rules.js";
import { type Row, titleOf } from "./table.js";
import { AHEAD, type Real, soon } from "./world.js";

/** The users that the histories use. */
export const USERS = ["ann", "bob", "cyd"];

/** Resets the world to where every history begins. */
export async function begin(
  real: Real,
  history: number,
  rules: Rules,
): Promise<Model> {
  const model = createModel(history, rules, AHEAD.length);
  await real.reached();
  await real.redis.flushall();
  for (const n of AHEAD.keys()) {
    if (!real.servers[n]) await real.start(n, model.now);
  }
  await real.setNow(model);
  // After a history that failed, its wins may still be on their way.
  await until("a world without a past", async () => {
    await real.sql.begin(async (sql) => {
      await sql`delete from result`;
      await sql`delete from prize`;
      await sql`insert into prize ${sql(model.rows.map((row) => toRow(model, row)))}`;
      const { draws_per_day, wins_per_user, ends_at, moments } = model.rules;
      const rules = {
        ...{ draws_per_day, wins_per_user },
        ends_at: ends_at === null ? null : new Date(ends_at),
      };
      await sql`update campaign set ${sql(rules)} where id = 'default'`;
      for (const { prize, at } of moments) {
        await sql`insert into moment (prize_id, at) values (${prize}, ${new Date(at)})`;
      }
    });
    // A reload under way may have read the rows that are gone, and would count them once more.
    await real.all(({ process }) => process.ask("reload"));
    await real.redis.flushall();
    await real.all(({ process }) => process.ask("reload"));
    await listings(model, real);
  });
  return model;
}

/** Everybody tries until all is told: untold wins first, then what draws are left, and nobody draws more than that. */
export async function end(model: Model, real: Real): Promise<void> {
  const rounds = 2 + 2 * model.rules.draws_per_day;
  const tries = Array.from({ length: rounds }, () => USERS).flat();
  for (const [n, user] of tries.entries()) {
    await real.setRoll(0);
    const name = nameOf(model, user);
    const answer = await real.draw(n % AHEAD.length, name, null);
    explain(model, [{ user, key: null, roll: 0, answer }]);
    const isTold = model.wins.every((win) => win.user !== user || win.told);
    if (isTold) await real.delivered(name);
  }
  await audit(model, real);
}

/** What holds after every command: rows, units, an outbox that empties, and what each server lists. */
export async function audit(model: Model, real: Real): Promise<void> {
  await soon("an empty outbox", async () => {
    assert.equal(await real.redis.xlen(keys.outbox), 0);
  });
  const rows = await real.sql<Result[]>`
    select id, user_id, prize_id, draw_date::text as draw_date, unit::int as unit, day_unit::int as day_unit,
      phone_no, redeemed_at
    from result
    order by unit, prize_id`;
  const won = model.wins.map(({ user, day, prize, redeemed }) => {
    const redeemed_at = redeemed && new Date(redeemed.at);
    const phone_no = redeemed?.phone ?? null;
    return [nameOf(model, user), dateOf(day), prize, phone_no, redeemed_at];
  });
  const written = rows.map((row) => {
    const { user_id, draw_date, prize_id, phone_no, redeemed_at } = row;
    return [user_id, draw_date, prize_id, phone_no, redeemed_at];
  });
  assert.deepEqual(sorted(written), sorted(won), "the rows in Postgres");
  for (const win of model.wins) {
    const ids = model.wins.map(({ id }) => id);
    const own = rows.filter(
      ({ id, user_id, draw_date, prize_id }) =>
        (win.id === null ? !ids.includes(id) : id === win.id) &&
        user_id === nameOf(model, win.user) &&
        draw_date === dateOf(win.day) &&
        prize_id === win.prize,
    );
    assert.ok(own.length > 0, "the result that was announced");
    // Of two that were not told, nobody knows yet which is which.
    if (own.length === 1) win.id ??= own[0]?.id ?? null;
  }
  for (const { id } of model.rows) {
    const ofPrize = rows.filter((row) => row.prize_id === id);
    assertCounted(
      ofPrize.map((row) => row.unit),
      `units of ${id}`,
    );
    for (const date of new Set(ofPrize.map((row) => row.draw_date))) {
      const ofDay = ofPrize.filter((row) => row.draw_date === date);
      assertCounted(
        ofDay.map((row) => row.day_unit),
        `units of ${id} on ${date}`,
      );
    }
  }
  await listings(model, real);
}

/** GET /prizes of every server. */
export async function listings(model: Model, real: Real): Promise<void> {
  const data = {
    date: dateOf(today(model)),
    resets_at: isLast(model, today(model)) ? null : resetsAt(today(model)),
    prizes: stock(model).map(({ left_today, left_total, ...row }) => {
      const { active, release_from, release_to, ...prize } = toRow(model, row);
      const { released_today, next_release_at } = row;
      return {
        ...{ ...prize, left_today, left_total },
        ...(released_today !== undefined && {
          released_today,
          next_release_at,
        }),
      };
    }),
  };
  for (const { url } of real.up()) {
    const answer = await fetch(`${url}/prizes`);
    assert.deepEqual(
      await answer.json(),
      { success: true, data },
      "GET /prizes",
    );
  }
}

export function toRow({ rules }: Model, row: Row) {
  const { id, tenths, daily, total, active, fallback, release } = row;
  const [from = null, to = null] = (release && rules.release) || [];
  const hour = (n: number | null) => (n === null ? null : `${n}:00`);
  const quotas = { daily_quota: daily, total_quota: total };
  return {
    id,
    title: titleOf(id),
    probability: tenths / 10,
    ...quotas,
    active,
    fallback,
    release_from: hour(from),
    release_to: hour(to),
  };
}

type Result = {
  id: string;
  user_id: string;
  prize_id: string;
  draw_date: string;
  unit: number;
  day_unit: number;
  phone_no: string | null;
  redeemed_at: Date | null;
};

const sorted = (lines: unknown[][]) =>
  lines.map((line) => JSON.stringify(line)).sort();

function assertCounted(units: number[], what: string): void {
  const wanted = units.map((_, n) => n + 1);
  assert.deepEqual(
    units.toSorted((one, other) => one - other),
    wanted,
    what,
  );
}
