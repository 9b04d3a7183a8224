import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import t from "tap";
import { migrations } from "../../src/stores/migrate.js";
import { post, told } from "../support/post.js";
import { drawIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld, type World } from "../support/world.js";

// A database that the revision before campaigns has filled goes on as the campaign `default`.

/** The database as it was before 013_campaigns.sql, with so many wins of each prize today. */
async function filledBefore({ sql }: World, today: string, wins: number) {
  await sql`create table migration (name text primary key, applied_at timestamptz not null default now())`;
  for (const name of await migrations()) {
    if (name >= "013") break;
    const file = new URL(`../../sql/${name}`, import.meta.url);
    await sql.unsafe(await readFile(file, "utf8"));
    await sql`insert into migration (name) values (${name})`;
  }
  await sql`
    insert into prize (id, title, probability, daily_quota, total_quota, fallback) values
      ('A', 'an A', 0.5, 50, ${wins + 2}, false), ('B', 'a B', 0.4, null, null, false), ('C', 'a C', 0, null, null, true)`;
  for (const prize of ["A", "B"]) {
    await sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      select gen_random_uuid(), ${prize}::text || n, ${prize}, ${today}::text::date, n, n, now() from generate_series(1, ${wins}::int) n`;
  }
  await sql`update result set redeemed_at = now(), phone_no = '+85291234567' where user_id in ('A1', 'B1', 'B2')`;
  await sql`update prize set title = 'the A' where id = 'A'`;
}

t.test("what the revision before has filled goes on", async (t) => {
  const world = await createWorld(t);
  const { sql } = world;
  const today = new Date().toISOString().slice(0, 10);
  await filledBefore(world, today, 20);
  const before = await sql`select * from result order by id`;
  const counts =
    await sql`select draw_date, prize_id, sum(count) from redemption_count group by 1, 2 order by 2`;
  const [version] = await sql`select version from prize_version`;

  const server = await startServer(t, world);
  const after = await sql`select * from result order by id`;
  t.same(
    after.map(({ campaign_id, draw_no, win_no, moment_id, ...row }) => row),
    before.map((row) => ({ ...row })),
    "no row has changed",
  );
  t.same(
    new Set(
      after.map((row) => `${row.campaign_id} ${row.draw_no} ${row.win_no}`),
    ),
    new Set(["default 1 null"]),
  );
  t.same(
    [
      ...(await sql`select draw_date, prize_id, sum(count) from redemption_count where campaign_id = 'default' group by 1, 2 order by 2`),
    ],
    [...counts],
  );
  t.match(await sql`select version from campaign_version`, [version]);
  const history = await sql`select campaign_id, prize_id from prize_change`;
  t.ok(history.every((row) => row.campaign_id === "default" && row.prize_id));

  // Those who have redeemed (A1) know already.
  t.equal(told((await server.draw("A1")).body), "participated");
  for (const user of ["A3", "B7"]) {
    t.equal(told((await server.draw(user)).body), "won", "told once more");
    await server.settlements.idle();
    t.equal(told((await server.draw(user)).body), "participated");
  }
  const stock = await (await fetch(`${server.url}/prizes`)).json();
  t.match(stock, { data: { prizes: [{ id: "A", left_total: 2 }, {}, {}] } });
  const open = after.find(({ user_id }) => user_id === "A5");
  const redeemed = await post(`${server.url}/redeem`, {
    id: open?.id,
    username: "A5",
  });
  t.equal(redeemed.status, 200);
  await setCampaign(
    world,
    { id: "new" },
    [{ id: "A", total_quota: 1 }],
    server,
  );
  t.equal(told((await drawIn(server, "new", "A1")).body), "won", "unit 1 anew");
});

t.test("statements of a server of before still work", async (t) => {
  const world = await createWorld(t);
  const { sql } = world;
  await filledBefore(world, "2099-11-22", 1);
  await startServer(t, world);
  // As src/results/record.ts and src/admin had them before campaigns.
  const id = randomUUID();
  await sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
    values (${id}, 'old', 'B', '2099-11-22', 2, 2, now()) on conflict do nothing`;
  const [row] =
    await sql`select campaign_id, draw_no from result where id = ${id}`;
  t.same(row, { campaign_id: "default", draw_no: 1 });
  await sql`
    select id, redeemed_at from redeem_results(array[${id}]::uuid[], array['old'], array['+85291234567'], array[0::float8], array['-infinity'::date])`;
  const [changed] = await sql`
    select change_prizes('change', '[{"id":"B","title":"old B"}]', null, 'old', false) as prizes`;
  t.match(changed?.prizes.prizes[1], { id: "B", title: "old B" });
  const [table] = await sql`select prize_table() as prizes`;
  t.same(table?.prizes, changed?.prizes);
  await t.rejects(
    sql`insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      values (${randomUUID()}, 'old', 'A', '2099-11-22', 9, 9, now())`,
    { code: "23505" },
    "one draw a day",
  );
});
