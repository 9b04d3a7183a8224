import { randomUUID } from "node:crypto";
import t, { type Test } from "tap";
import { Failure } from "../../src/errors.js";
import {
  createRedemptions,
  EVER,
  type Redemption,
  type Since,
} from "../../src/results/redeem.js";
import { createPostgres } from "../../src/stores/postgres.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// Redemptions that wait together are one statement, and each has the end that it would have alone.

const NOW = Date.parse("2099-01-02T00:00:00Z");

/** Wins of these users, and redemptions of them whose statements are counted. */
async function setUp(t: Test, users: string[]) {
  const world = await createWorld(t);
  await startServer(t, world);
  const { sql } = world;
  const ids = new Map(users.map((user) => [user, randomUUID() as string]));
  await sql`delete from prize`;
  await sql`insert into prize (id, title, probability) values ('A', 'A', 0.5)`;
  for (const [n, user] of users.entries()) {
    await sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      values (${ids.get(user) ?? ""}, ${user}, 'A', '2099-01-01', ${n + 1}, ${n + 1}, now())`;
  }
  const ask = (
    user: string,
    phone_no: string | null,
    more: Partial<Redemption> = {},
  ): Redemption => ({
    id: ids.get(user) ?? "",
    user_id: user,
    phone_no,
    now: NOW,
    since: EVER,
    ...more,
  });
  const open = () => {
    const real = createPostgres(world.databaseUrl);
    t.teardown(() => real.close());
    let statements = 0;
    const query: typeof real.query = (statement) => {
      statements += 1;
      return real.query(statement);
    };
    const { redeem } = createRedemptions({ ...real, query });
    return { redeem, statements: () => statements };
  };
  return { sql, ids, ask, open };
}

/** What became of a redemption: the number that it was answered, or the code of its failure. */
const endOf = (redeeming: Promise<{ phone_no: string | null }>) =>
  redeeming.then(
    ({ phone_no }) => phone_no,
    (error: unknown) =>
      error instanceof Failure ? error.code : `unexpected: ${error}`,
  );

t.test("refused ones cost their neighbours nothing", async (t) => {
  const users = Array.from({ length: 40 }, (_, n) => `user ${n}`);
  const { sql, ask, open } = await setUp(t, users);
  const { redeem, statements } = open();
  const unknown = { id: randomUUID() };
  const ends = await Promise.all(
    users.flatMap((user, n) => [
      endOf(redeem(ask(user, `+8529${n}`))),
      endOf(redeem(ask(user, "+85261", unknown))),
    ]),
  );
  t.same(
    ends,
    users.flatMap((_, n) => [`+8529${n}`, "RESULT_NOT_FOUND"]),
  );
  t.equal(statements(), 1);
  const [row] = await sql`
    select count(*)::int as rows, sum(c.count)::int as counted
    from result, (select sum(count) as count from redemption_count) c
    where redeemed_at is not null and phone_no is not null
    group by c.count`;
  t.match(row, { rows: 40, counted: 40 * 40 }, "and each is counted once");
});

t.test("of one win: the first holds it, and all others know", async (t) => {
  const { ask, open } = await setUp(t, ["ann", "bob"]);
  const { redeem, statements } = open();
  const id = ask("ann", null).id;
  const asked = [
    ask("ann", "+85291"),
    ask("ann", "+85292"),
    ask("ann", null),
    ask("ann", "+85291", { id: id.toUpperCase() }),
    ask("bob", "+85291", { id }),
    ask("bob", "+85293"),
  ];
  const ends = await Promise.all(asked.map((one) => endOf(redeem(one))));
  t.same(ends, [
    "+85291",
    "ALREADY_REDEEMED",
    "ALREADY_REDEEMED",
    "+85291",
    "RESULT_NOT_FOUND",
    "+85293",
  ]);
  t.equal(statements(), 1);
});

t.test("a number may follow in the same batch, once", async (t) => {
  const { sql, ask, open } = await setUp(t, ["ann"]);
  const { redeem, statements } = open();
  const asked = [null, "+85291", "+85292", "+85291", null];
  const ends = await Promise.all(
    asked.map((phone) => endOf(redeem(ask("ann", phone)))),
  );
  t.same(ends, [null, "+85291", "ALREADY_REDEEMED", "+85291", null]);
  t.equal(statements(), 2);
  const [row] = await sql`select phone_no from result`;
  t.equal(row?.phone_no, "+85291");
});

t.test("over midnight each has its own deadline", async (t) => {
  const { ask, open } = await setUp(t, ["ann", "bob"]);
  const { redeem } = open();
  const [before, after] = ["2099-01-01", "2099-01-02"].map((all) => ({
    all,
    others: new Map(),
  })) as [Since, Since];
  const ends = await Promise.all([
    endOf(redeem(ask("ann", "+85291", { since: after }))),
    endOf(redeem(ask("ann", "+85291", { since: before }))),
    endOf(redeem(ask("bob", "+85292", { since: before }))),
    endOf(redeem(ask("bob", "+85292", { since: after }))),
  ]);
  t.same(ends, ["CLAIM_EXPIRED", "+85291", "+85292", "+85292"]);
});

t.test("a value that Postgres can't read fails alone", async (t) => {
  const { ask, open } = await setUp(t, ["ann", "bob", "cyd"]);
  const { redeem } = open();
  const ends = await Promise.all([
    endOf(redeem(ask("ann", "+85291"))),
    endOf(redeem(ask("bob", "+85292", { id: "no UUID" }))),
    endOf(redeem(ask("cyd", "+85293"))),
  ]);
  t.same(ends, ["+85291", "UNAVAILABLE", "+85293"]);
});

t.test("two servers, the same wins, in other orders", async (t) => {
  const users = Array.from({ length: 60 }, (_, n) => `user ${n}`);
  const { sql, ask, open } = await setUp(t, users);
  const [one, other] = [open(), open()];
  // The connections are there before it counts.
  await Promise.all(
    [one, other].map(({ redeem }) =>
      endOf(redeem(ask("nobody", null, { id: randomUUID() }))),
    ),
  );
  const ends = await Promise.all([
    ...users.map((user) => endOf(one.redeem(ask(user, "+85291")))),
    ...users
      .toReversed()
      .map((user) => endOf(other.redeem(ask(user, "+85292")))),
  ]);
  const [ofOne, ofOther] = [ends.slice(0, 60), ends.slice(60).reverse()];
  const rows = await sql`select user_id, phone_no from result`;
  const holders = new Map(rows.map((row) => [row.user_id, row.phone_no]));
  for (const [n, user] of users.entries()) {
    const isOnes = holders.get(user) === "+85291";
    t.equal(ofOne[n], isOnes ? "+85291" : "ALREADY_REDEEMED");
    t.equal(ofOther[n], isOnes ? "ALREADY_REDEEMED" : "+85292");
  }
  const [row] =
    await sql`select sum(count)::int as counted from redemption_count`;
  t.equal(row?.counted, 60);
});

t.test("rows are taken in one order, whoever asks first", async (t) => {
  const { sql, ids, ask, open } = await setUp(t, ["ann", "bob", "cyd"]);
  const [low, middle, high] = [...ids]
    .sort(([, one], [, other]) => (one < other ? -1 : 1))
    .map(([user]) => user) as [string, string, string];
  const [one, other] = [open(), open()];
  const lock = await sql.reserve();
  await lock`begin`;
  await lock`select from result where user_id = ${middle} for update`;
  const waiting = async (count: number) =>
    until(`${count} that wait`, async () => {
      const rows = await sql<{ wait_event: string }[]>`
        select wait_event from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      if (rows.length !== count) throw new Error(`${rows.length}`);
      return rows.map((row) => row.wait_event);
    });
  const batchOf = ({ redeem }: typeof one, users: string[], phone: string) =>
    Promise.all(users.map((user) => endOf(redeem(ask(user, phone)))));
  const first = batchOf(one, [low, middle, high], "+85291");
  await waiting(1);
  const second = batchOf(other, [high, middle, low], "+85292");
  // For the end of the first one, which has the lowest row; not behind it for the row in the middle, with another one taken.
  t.same(await waiting(2), ["transactionid", "transactionid"]);
  await lock`rollback`;
  lock.release();
  t.same(await first, ["+85291", "+85291", "+85291"]);
  t.same(
    await second,
    Array.from({ length: 3 }, () => "ALREADY_REDEEMED"),
  );
});
