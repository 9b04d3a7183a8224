import { randomUUID } from "node:crypto";
import t from "tap";
import type { Win } from "../../src/outbox/win.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// What Postgres takes, and what it keeps.

const win = (user_id: string, unit: number, more: Partial<Win> = {}): Win => ({
  id: randomUUID(),
  user_id,
  prize_id: "A",
  draw_date: "2099-01-01",
  unit,
  day_unit: unit,
  draw_no: 1,
  created_at: 0,
  attempt: "",
  roll: 0,
  entry: { id: "", draw_date: "2099-01-01", left: new Set() },
  ...more,
});

t.test("wins of every fate in one batch", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(
    world,
    [
      { id: "A", probability: 0.5, total_quota: 10 },
      { id: "B", probability: 0.5, daily_quota: 3 },
    ],
    server,
  );
  const { record } = server.results;
  const ann = win("ann", 1);
  t.equal(await record(ann), "recorded");
  const wins: [Win, string][] = [
    [win("bob", 2), "recorded"],
    [ann, "recorded"],
    [win("ann", 3), "participated"],
    [win("ann", 4, { draw_date: "2099-01-02", day_unit: 1 }), "recorded"],
    [win("cyd", 1), "refused"],
    [win("dan", 11), "refused"],
    [win("eve", 3, { prize_id: "B" }), "recorded"],
    [win("fay", 4, { prize_id: "B" }), "refused"],
    [win("gil", 1, { prize_id: "C" }), "refused"],
    [win("hal, \"{}'\\ 🎁", 10), "recorded"],
  ];
  const fates = await Promise.all(wins.map(([one]) => record(one)));
  t.same(
    fates,
    wins.map(([, fate]) => fate),
  );
  const rows = await world.sql`select id from result`;
  const recorded = wins.filter(([, fate]) => fate === "recorded");
  t.same(
    rows.map(({ id }) => id).sort(),
    recorded.map(([{ id }]) => id).sort(),
  );
});

t.test(
  "an INSERT that an earlier try left under way is waited for",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "A", total_quota: 5 }], server);
    const ann = win("ann", 5);
    let commit: (() => void) | undefined;
    const earlier = world.sql.begin(async (sql) => {
      await sql`select from prize where id = 'A' for key share`;
      await sql`
        insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
        values (${ann.id}, 'ann', 'A', '2099-01-01', 5, 5, now())`;
      await new Promise<void>((resolve) => {
        commit = resolve;
      });
    });
    await until("the row under way", async () => {
      if (!commit) throw new Error("not yet");
    });
    await world.sql`update prize set total_quota = 4`;
    const fate = server.results.record(ann);
    await until("somebody waits", async () => {
      const [row] = await world.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      if (!row) throw new Error("nobody yet");
    });
    commit?.();
    await earlier;
    t.equal(await fate, "recorded");
    t.equal(await server.results.record(win("bob", 5)), "refused");
  },
);

t.test("a win is recorded as often as one likes", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "A" }], server);
  const { record } = server.results;
  const ann = win("ann", 1);
  t.same(await Promise.all([record(ann), record(ann)]), [
    "recorded",
    "recorded",
  ]);
  t.equal(await record(ann), "recorded");
});

t.test(
  "a row that Postgres can't take does not fail its neighbours",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "A" }], server);
    const users = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `user ${n}`);
    users.splice(4, 0, "nul\0here");
    const ends = await Promise.allSettled(
      users.map((user, n) => server.results.record(win(user, n + 1))),
    );
    t.same(
      ends.map((end) => end.status === "fulfilled" && end.value),
      users.map((user) => !user.includes("\0") && "recorded"),
    );
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, 9);
  },
);

t.test("the same wins at many servers at once: no deadlock", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all([1, 2, 3].map(() => startServer(t, world)));
  await setPrizes(
    world,
    [
      { id: "a", probability: 0.5 },
      { id: "B", probability: 0.5 },
    ],
    ...servers,
  );
  for (let round = 0; round < 20; round += 1) {
    const wins = Array.from({ length: 40 }, (_, n) => {
      const unit = 40 * round + n + 1;
      return win(`user ${unit}`, unit, { prize_id: n % 2 ? "a" : "B" });
    });
    const orders = [wins, wins.toReversed(), [...wins, ...wins]];
    const fates = await Promise.all(
      servers.map(({ results }, n) =>
        Promise.all((orders[n] ?? []).map(results.record)),
      ),
    );
    t.same(new Set(fates.flat()), new Set(["recorded"]));
  }
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, 800);
});

t.test("a prize that has results stays", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(
    world,
    [
      { id: "A", probability: 0.5 },
      { id: "B", probability: 0.5 },
    ],
    server,
  );
  await server.results.record(win("ann", 1));
  const { sql } = world;
  const refused = { code: "23503" };
  await t.rejects(sql`delete from prize where id = 'A'`, refused);
  await t.rejects(sql`update prize set id = 'C' where id = 'A'`, refused);
  await t.rejects(sql`truncate prize`, refused);
  await sql`update prize set title = 'other', id = 'A' where id = 'A'`;
  await sql`delete from prize where id = 'B'`;
  await sql`delete from result`;
  await sql`truncate prize`;
});

t.test("a prize is deleted while its first win is on its way", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "A" }], server);
  const { results } = server;
  const editor = await world.sql.reserve();

  await editor`begin`;
  await editor`delete from prize where id = 'A'`;
  const late = results.record(win("ann", 1));
  await editor`commit`;
  t.equal(await late, "refused", "the deletion came first");

  await setPrizes(world, [{ id: "A" }], server);
  await editor`begin`;
  await editor`select from prize for key share`;
  t.equal(await results.record(win("ann", 1)), "recorded");
  await editor`rollback`;
  await t.rejects(editor`delete from prize`, { code: "23503" });
  editor.release();
});

t.test("a unit goes once, ever and on its day", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "A" }], server);
  const put = (day: string, unit: number, day_unit: number) => world.sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
    values (${randomUUID()}, ${randomUUID()}, 'A', ${day}, ${unit}, ${day_unit}, now())`;
  await put("2099-01-01", 1, 1);
  await t.rejects(put("2099-01-02", 1, 1), { code: "23505" }, "ever");
  await t.rejects(put("2099-01-01", 2, 1), { code: "23505" }, "that day");
  await put("2099-01-02", 2, 1);
});

t.test("a user has one win a day", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "A" }, { id: "B", active: false }], server);
  const put = (day: string, unit: number, prize = "A") => world.sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
    values (${randomUUID()}, 'ann', ${prize}, ${day}, ${unit}, ${unit}, now())`;
  await put("2099-01-01", 1);
  await t.rejects(put("2099-01-01", 1, "B"), { code: "23505" });
  await put("2099-01-02", 2);
});
