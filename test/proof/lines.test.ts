import t, { type Test } from "tap";
import type { Win } from "../../src/outbox/win.js";
import { keysOf } from "../../src/stores/keys.js";
import { filesOfDay, holds } from "../support/logged-day.js";
import {
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { closeDay, DAY, receiptOf, setUpProof } from "../support/verifiable.js";

// How lines get their numbers, and from Redis to Postgres: each once.

const CUP = [{ id: "CUP", probability: 0.5, total_quota: 60 }];
const XMAS = { id: "xmas", verifiable: true };
const OF = { campaign: "xmas", day: DAY };
const keys = keysOf("xmas");

const seqOf = (receipt: object | undefined) =>
  Number((receipt as { line: string }).line.split("\t")[0]);

async function setUp(t: Test, servers = 1) {
  const set = await setUpProof(t, { servers });
  await setCampaign(set.world, XMAS, CUP, ...set.all);
  const { server } = set;
  const draw = async (user: string) =>
    receiptOf(await drawUntilToldIn(server, "xmas", user));
  const lines = async () =>
    ((await filesOfDay(set.world, OF)).get("log-0.tsv") ?? "")
      .split("\n")
      .slice(0, -1);
  return { ...set, draw, lines, lane: server.campaigns.lane("xmas") };
}

t.test(
  "no number is given twice, however often Redis is emptied",
  async (t) => {
    const set = await setUp(t);
    const { world, draw } = set;
    const numbers: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 4; n += 1) {
        numbers.push(seqOf(await draw(`user ${round} ${n}`)));
      }
      // Nothing was moved to Postgres since.
      await world.redis.flushdb();
    }
    numbers.push(seqOf(await draw("the last")));
    t.equal(new Set(numbers).size, numbers.length);
    t.same(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    set.time.set(`${DAY}T10:00:20Z`);
    await closeDay(set);
    await holds(t, world, OF);
  },
);

t.test("a line that comes once, and a log that is closed once", async (t) => {
  const { lane, draw } = await setUp(t);
  await draw("ann");
  const { redis } = lane;
  const names = [keys.takenToday(DAY), keys.log(DAY)];
  const line = (...lines: string[]) => redis.line(2, ...names, 7, ...lines);
  t.equal(await line("V\t9"), 3);
  t.equal(await line("V\t9"), 3, "it is there");
  t.equal(await line("V\t8", "V\t9"), 4);
  t.equal(await redis.kept(2, ...names, 4, 1), "open", "entries are there");
  const ids = (await redis.xrange(keys.log(DAY), "-", "+")).map(([id]) => id);
  t.equal(await redis.kept(2, ...names, 3, 1, ...ids), "open", "a line is not");
  t.equal(await redis.kept(2, ...names, 4, 1), "closed");
  t.equal(await line("V\t7"), "closed");
});

t.test("lines that were moved by a server that then was gone", async (t) => {
  const set = await setUp(t);
  const { world, lane, draw, lines } = set;
  await draw("ann");
  await draw("bob");
  const stream = await world.redis.dumpBuffer(keys.log(DAY));
  await lane.keep.run();
  const before = await lines();
  // Its lines are in Postgres, and Redis was not told so.
  await world.redis.restore(keys.log(DAY), 0, stream, "REPLACE");
  await draw("cat");
  await lane.keep.run();
  t.same(await lines(), [...before, ...(await lines()).slice(before.length)]);
  t.equal((await lines()).length, before.length + 1);
  t.equal(await world.redis.xlen(keys.log(DAY)), 0);
  await closeDay(set);
  await holds(t, world, OF);
});

t.test("several servers that move the same lines", async (t) => {
  const set = await setUp(t, 3);
  const { world, all, draw, lines } = set;
  for (let round = 0; round < 5; round += 1) {
    for (let n = 0; n < 5; n += 1) await draw(`user ${round} ${n}`);
    // As if nobody had a lease.
    await world.sql`update proof_log set holder = null, held_until = null`;
    await Promise.all(all.map((one) => one.campaigns.lane("xmas").keep.run()));
  }
  await closeDay(set);
  t.equal((await lines()).length, 26, "a table and 25 draws, each once");
  await holds(t, world, OF);
});

t.test("a win that waits for its row is not void", async (t) => {
  const set = await setUp(t);
  const { world, lane, time } = set;
  await world.sql`update prize set probability = 1 where campaign_id = 'xmas'`;
  await lane.prizes.reload();
  await drawIn(set.server, "xmas", "ann");
  const end = await lane.engine.draw("bob");
  t.equal(end.outcome, "won");
  // Bob's row is not there yet, and his entry waits.
  await world.sql`alter table result disable trigger user`;
  const [row] = await world.sql`
    delete from result where user_id = 'bob' returning *`;
  await world.sql`alter table result enable trigger user`;
  t.equal(await lane.keep.reconcile(DAY), true);
  t.notMatch((await set.lines()).join("\n"), /\tV\t/);
  await world.sql`insert into result ${world.sql(row ?? {})}`;
  time.set(`${DAY}T10:00:20Z`);
  await set.server.scheduler.tick();
  await closeDay(set);
  await holds(t, world, OF);
});

t.test(
  "what is edited, and what comes back, is told before the next draw",
  async (t) => {
    const set = await setUp(t);
    const { world, lane, draw, lines } = set;
    await draw("ann");
    await world.sql`update prize set probability = 1 where campaign_id = 'xmas'`;
    await lane.prizes.reload();
    const kinds = async () =>
      (await lines()).map((line) => line.split("\t")[2]).join("");
    await draw("bob");
    await lane.keep.run();
    t.equal(await kinds(), "TDTD");
    await world.sql`alter table result disable trigger user`;
    const [row] = await world.sql<Win[]>`
    delete from result where user_id = 'bob'
    returning prize_id, draw_date::text, unit::int, day_unit::int`;
    await world.sql`alter table result enable trigger user`;
    await lane.spare({ ...(row as Win), seq: 3 });
    const receipt = (await draw("cat")) as { line: string };
    const { unit, day_unit } = row as Win;
    t.match(receipt.line, `\tCUP:${unit}:${day_unit}\t`);
    await lane.keep.run();
    t.equal(await kinds(), "TDTDVTD");
    await closeDay(set);
    await holds(t, world, OF);
  },
);
