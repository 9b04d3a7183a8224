import t from "tap";
import { createPostgres } from "../../src/stores/postgres.js";
import { createProxy } from "../support/link.js";
import { createWorld } from "../support/world.js";

// What a statement answers is its own, whatever became of the one before it on the same connection.

/** More than there are connections. */
const ALL = Array.from({ length: 8 }, (_, n) => n);

t.test("after statements that failed midway", async (t) => {
  const world = await createWorld(t);
  const postgres = createPostgres(world.databaseUrl);
  t.teardown(postgres.close);
  await Promise.all(
    ALL.map(() =>
      t.rejects(
        postgres.query(
          (sql) => sql`select 1 / (4 - n) from generate_series(1, 4) as n`,
        ),
        /division by zero/,
      ),
    ),
  );
  const answers = await Promise.all(
    ALL.map((n) =>
      postgres.query(
        (sql) => sql`select ${n}::int as n union all select 100 order by n`,
      ),
    ),
  );
  for (const [n, rows] of answers.entries()) {
    t.same([...rows], [{ n }, { n: 100 }]);
    t.equal(rows.length, 2);
    t.equal(rows.count, 2);
  }
});

t.test("after links that were cut amid an answer", async (t) => {
  const world = await createWorld(t);
  const link = await createProxy(t, world.databaseUrl);
  const postgres = createPostgres(link.url);
  t.teardown(postgres.close);
  const long = () =>
    postgres.query(
      (sql) =>
        sql<{ n: number; text: string }[]>`
          select n, repeat('x', 100) as text from generate_series(1, 20000) as n`,
    );
  for (let round = 0; round < 5; round += 1) {
    await long();
    link.cutReply();
    // Tried once more by itself.
    const rows = await long();
    t.same([rows.length, rows[0]?.n, rows.at(-1)?.n], [20_000, 1, 20_000]);
    const [row] = await postgres.query((sql) => sql`select 7 as seven`);
    t.same(row, { seven: 7 });
  }
});
