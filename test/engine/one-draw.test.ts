import t from "tap";
import { inParallel } from "../support/in-parallel.js";
import { post, told } from "../support/post.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

t.test("200 users, 8 requests each at once, two processes", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all([
    startProcess(t, world),
    startProcess(t, world),
  ]);
  await setPrizes(world, [{ id: "HALF", probability: 0.5 }]);
  await listing(servers, "HALF");

  const users = Array.from({ length: 200 }, (_, n) => `user ${n}`);
  const ids = new Map<string, Set<string>>();
  const outcomes = new Map<string, string[]>();
  let missing = 0;
  await inParallel(users, 20, async (username) => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        const url = `${servers[n % 2]?.url}/draw`;
        const { status, body } = await post(url, { username });
        t.equal(status, 200);
        const id = body.data?.result?.id;
        // The row is there at the moment of the answer.
        if (id) {
          const rows = await world.sql`select from result where id = ${id}`;
          if (rows.count !== 1) missing += 1;
        }
        return { what: told(body), id };
      }),
    );
    outcomes.set(
      username,
      answers.map((answer) => answer.what),
    );
    ids.set(
      username,
      new Set(answers.flatMap((answer) => (answer.id ? [answer.id] : []))),
    );
  });

  t.equal(missing, 0, "no win was announced before its row was there");
  for (const user of users) {
    const kinds = outcomes.get(user) ?? [];
    const losses = kinds.filter((kind) => kind === "no_prize").length;
    const prizes = ids.get(user)?.size ?? 0;
    t.equal(losses + prizes, 1, "one of the eight drew, once");
    t.notOk(kinds.includes("failed"));
  }
  const won = [...ids.values()].filter((set) => set.size === 1).length;
  const [rows] = await world.sql`
    select count(*)::int as n, count(distinct user_id)::int as users from result`;
  t.same(rows, { n: won, users: won }, "a row for each winner and no other");
  t.ok(won > 50 && won < 150, "both outcomes were there");
});

t.test("a repeat after delivery is told nothing", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  t.equal(told((await server.draw("ann")).body), "won");
  await server.settlements.idle();
  const again = await server.draw("ann");
  t.equal(again.status, 200);
  t.same(again.body.data, again.body.message, "under both names");
  t.match(again.body.data ?? {}, {
    message: "You have already participated. Please come back tomorrow!",
    resets_at: /^\d{4}-\d\d-\d\dT00:00:00\+00:00$/,
  });
  t.notOk(again.body.data?.result);
});

t.test("two callers of one batch are both told the win", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const ends = await Promise.all(
    ["ann", "ann", "bob", "ann"].map((user) => server.engine.draw(user)),
  );
  const ids = ends.map((end) => end.outcome === "won" && end.result.id);
  t.ok(ids.every(Boolean));
  t.equal(new Set(ids).size, 2, "one win each");
});

t.test(
  "of two callers of one batch one has lost, the other took part",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "NONE", total_quota: 0 }], server);
    const ends = await Promise.all([1, 2].map(() => server.engine.draw("ann")));
    t.same(
      ends.map(({ outcome }) => outcome),
      ["no_prize", "participated"],
    );
  },
);
