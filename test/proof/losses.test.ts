import t from "tap";
import { keysOf } from "../../src/stores/keys.js";
import { holdResults } from "../support/hold-results.js";
import { filesOfDay, holds } from "../support/logged-day.js";
import { told } from "../support/post.js";
import {
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { until } from "../support/until.js";
import { closeDay, DAY, receiptOf, setUpProof } from "../support/verifiable.js";
import type { World } from "../support/world.js";

// What a log says where Redis loses data, Postgres refuses wins, or a server goes.

const XMAS = { id: "xmas", verifiable: true };
const OF = { campaign: "xmas", day: DAY };
const keys = keysOf("xmas");

const kindsOf = async (world: World) =>
  ((await filesOfDay(world, OF)).get("log-0.tsv") ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t")[2]);

/** Sets Redis back to an earlier state without the servers noticing, as a failover to a late replica would. */
async function snapshot({ redis }: World) {
  const names = await redis.keys("*");
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
  return async () => {
    await redis.flushdb();
    for (const [n, name] of names.entries()) {
      await redis.restore(name, 0, dumps[n] as Buffer);
    }
  };
}

/** After this time all that was under way at a loss is over. */
const AFTER = "2099-12-01T10:00:20Z";

t.test("Redis loses everything", async (t) => {
  const set = await setUpProof(t);
  const { world, time, server } = set;
  const prizes = [{ id: "CUP", probability: 0.5, total_quota: 40 }];
  await setCampaign(world, XMAS, prizes, server);
  const outcomes = new Map<string, string>();
  const draw = async (n: number) => {
    const answer = await drawUntilToldIn(server, "xmas", `user ${n}`);
    return told(answer.body);
  };
  for (let n = 0; n < 30; n += 1) outcomes.set(`user ${n}`, await draw(n));
  await server.scheduler.tick();
  // These lines are gone before they were moved, and their winners have rows.
  for (let n = 30; n < 50; n += 1) outcomes.set(`user ${n}`, await draw(n));
  await world.redis.flushdb();
  for (let n = 0; n < 50; n += 1) {
    // The roll of the day is the same: who lost loses again.
    if (outcomes.get(`user ${n}`) === "no_prize")
      t.equal(await draw(n), "no_prize");
  }
  time.set(AFTER);
  for (let n = 0; n < 3; n += 1) await server.scheduler.tick();
  for (let n = 50; n < 70; n += 1) await draw(n);
  await closeDay(set);
  const said = await holds(t, world, OF);
  t.match(said, /may have been|Redis|lost/i);
  const kinds = await kindsOf(world);
  t.equal(kinds.filter((kind) => kind === "G").length, 1, "declared once");
  const lost = [...outcomes].slice(30).filter(([, it]) => it === "won");
  t.equal(kinds.filter((kind) => kind === "R").length, lost.length);
});

t.test("Redis goes back, and its servers have not noticed", async (t) => {
  const set = await setUpProof(t, { servers: 2 });
  const { world, time, all, server } = set;
  const prizes = [{ id: "CUP", probability: 0.6, total_quota: 20 }];
  await setCampaign(world, XMAS, prizes, ...all);
  const draw = (n: number) =>
    drawUntilToldIn(all[n % 2] as typeof server, "xmas", `user ${n}`);
  const receipts: object[] = [];
  for (let n = 0; n < 20; n += 1) receipts.push(receiptOf(await draw(n)) ?? {});
  await server.scheduler.tick();
  const goBack = await snapshot(world);
  for (let n = 20; n < 30; n += 1)
    receipts.push(receiptOf(await draw(n)) ?? {});
  await server.scheduler.tick(); // these lines are kept, and Redis forgets them
  for (let n = 30; n < 40; n += 1) await draw(n); // and these are gone
  for (const { campaigns } of all) {
    await campaigns.lane("xmas").settlements.idle();
  }
  await goBack();
  for (let n = 20; n < 60; n += 1) await draw(n);
  time.set(AFTER);
  for (let n = 0; n < 3; n += 1) {
    for (const one of all) await one.scheduler.tick();
  }
  await closeDay(set);
  await holds(t, world, OF, receipts);
  const [row] = await world.sql`
    select count(*)::int as n, count(distinct unit)::int as units, max(unit)::int as last from result`;
  t.same(row, { n: 20, units: 20, last: 20 });
});

t.test("Postgres refuses wins, whose quota was lowered", async (t) => {
  const set = await setUpProof(t);
  const { world, server } = set;
  const prizes = [
    { id: "CUP", total_quota: 9 },
    { id: "TEA", probability: 0, fallback: true },
  ];
  await setCampaign(world, XMAS, prizes, server);
  for (let n = 0; n < 3; n += 1)
    await drawUntilToldIn(server, "xmas", `user ${n}`);
  await world.sql`update prize set total_quota = 3 where id = 'CUP'`;
  for (let n = 3; n < 6; n += 1) {
    const { body } = await drawUntilToldIn(server, "xmas", `user ${n}`);
    t.match(body, { data: { result: { prize_id: "TEA" } } });
  }
  // A higher one again: the numbers that came back go first.
  await world.sql`update prize set total_quota = 6 where id = 'CUP'`;
  await server.campaigns.check();
  const receipts: object[] = [];
  for (let n = 6; n < 12; n += 1) {
    const answer = await drawUntilToldIn(server, "xmas", `user ${n}`);
    receipts.push(receiptOf(answer) ?? {});
  }
  await closeDay(set);
  await holds(t, world, OF, receipts);
  t.ok((await kindsOf(world)).includes("V"));
  const [row] = await world.sql`
    select count(*)::int as n, max(unit)::int as last from result where prize_id = 'CUP'`;
  t.same(row, { n: 6, last: 6 });
});

t.test("wins whose rows never came are void, and go to others", async (t) => {
  const set = await setUpProof(t);
  const { world, time, server } = set;
  const limited = { ...XMAS, wins_per_user: 1 };
  await setCampaign(world, limited, [{ id: "CUP", total_quota: 4 }], server);
  t.equal((await drawUntilToldIn(server, "xmas", "ann")).status, 200);
  // Whose wins are counted is known by now, so that a draw needs no Postgres.
  time.set(`${DAY}T10:00:05Z`);
  for (let n = 0; n < 3; n += 1) await server.scheduler.tick();
  const release = await holdResults(world);
  const drawing = drawIn(server, "xmas", "bob");
  await until("the win", async () => {
    if ((await world.redis.xlen(keys.outbox)) === 0) throw new Error("none");
  });
  const lane = server.campaigns.lane("xmas");
  await lane.keep.run(); // its line is kept
  t.equal((await drawing).status, 503, "Postgres did not answer in time");
  await world.redis.flushdb();
  await release();
  await world.sql`delete from result where user_id = 'bob'`.catch(() => {});
  for (const user of ["bob", "cat", "dan", "eve"]) {
    await drawUntilToldIn(server, "xmas", user);
  }
  time.set(AFTER);
  for (let n = 0; n < 4; n += 1) await server.scheduler.tick();
  for (const user of ["fay", "gus", "hal"]) {
    await drawUntilToldIn(server, "xmas", user);
  }
  await closeDay(set);
  await holds(t, world, OF);
});

t.test(
  "a server that is gone leaves its lines and wins to others",
  async (t) => {
    const set = await setUpProof(t, { servers: 2 });
    const { world, time, all, server } = set;
    await setCampaign(world, XMAS, [{ id: "CUP", probability: 0.5 }], ...all);
    for (let n = 0; n < 40; n += 1)
      await drawUntilToldIn(server, "xmas", `user ${n}`);
    t.ok((await world.redis.xlen(keys.log(DAY))) > 0, "the lines are in Redis");
    await server.close();
    const other = all[1] as typeof server;
    time.set(AFTER);
    await other.scheduler.tick();
    t.equal(await world.redis.xlen(keys.log(DAY)), 0, "and in Postgres");
    await closeDay({ ...set, all: [other] });
    await holds(t, world, OF);
    t.notMatch((await kindsOf(world)).join(""), /[GRV]/, "nothing was lost");
  },
);

t.test(
  "Redis goes back, and a server that lost nothing draws first",
  async (t) => {
    const set = await setUpProof(t, { servers: 2 });
    const { world, time, all } = set;
    const [one, other] = all as [(typeof all)[0], (typeof all)[0]];
    await setCampaign(world, XMAS, [{ id: "CUP", probability: 0.3 }], ...all);
    const receipts: object[] = [];
    const draw = async (server: typeof one, user: string) => {
      const answer = await drawUntilToldIn(server, "xmas", user);
      receipts.push(receiptOf(answer) ?? {});
    };
    await draw(other, "ann");
    const goBack = await snapshot(world);
    for (const user of ["bob", "cat", "dan"]) await draw(one, user);
    for (const it of all) await it.scheduler.tick(); // by a second's look both know how far the log is
    await goBack();
    for (const user of ["eve", "fay", "gus"]) await draw(other, user);
    await draw(one, "hal");
    time.set(AFTER);
    for (const it of all) await it.scheduler.tick();
    await closeDay(set);
    await holds(t, world, OF, receipts);
  },
);

t.test(
  "a win of yesterday that Postgres refuses is decided again by its own day",
  async (t) => {
    const set = await setUpProof(t, { start: `${DAY}T23:59:50Z` });
    const { world, time, server } = set;
    const prizes = [
      { id: "CUP", probability: 1, total_quota: 9 },
      { id: "TEA", probability: 0, fallback: true },
    ];
    await setCampaign(world, XMAS, prizes, server);
    await drawUntilToldIn(server, "xmas", "bob");
    const release = await holdResults(world);
    t.equal((await drawIn(server, "xmas", "ann")).status, 503, "no row yet");
    await world.sql`update prize set total_quota = 1 where id = 'CUP'`;
    await release();
    const rows = () => world.sql<{ day: string; prize_id: string }[]>`
    select draw_date::text as day, prize_id from result where user_id = 'ann'`;
    if ((await rows()).length === 0) time.set("2099-12-02T00:00:02Z");
    const answer = await drawUntilToldIn(server, "xmas", "ann");
    t.match(answer.body, { data: { result: { prize_id: "TEA" } } });
    t.same([...(await rows())], [{ day: DAY, prize_id: "TEA" }]);
    await closeDay(set);
    await closeDay(set, { day: "2099-12-02", after: "2099-12-03T00:00:30Z" });
    await holds(
      t,
      world,
      OF,
      [receiptOf(answer)].filter((it) => it !== undefined),
    );
    await holds(t, world, { campaign: "xmas", day: "2099-12-02" });
  },
);
