import t from "tap";
import { keysOf } from "../../src/stores/keys.js";
import { filesOfDay, holds } from "../support/logged-day.js";
import {
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import {
  closeDay,
  DAY,
  PROOF_KEY,
  receiptOf,
  setUpProof,
} from "../support/verifiable.js";

// From when on a day has a log, and what keeps draws back.

const CUP = [{ id: "CUP", probability: 0.5 }];
const keys = keysOf("xmas");
const NEXT = "2099-12-02";

type Sealed = { day: string; closed: boolean };

t.test("switched on before the first draw it holds for that day", async (t) => {
  const { world, server } = await setUpProof(t);
  await setCampaign(world, { id: "xmas" }, CUP, server);
  await world.sql`update campaign set verifiable = true where id = 'xmas'`;
  await server.campaigns.check();
  t.ok(receiptOf(await drawUntilToldIn(server, "xmas", "ann")));
});

t.test("after the first draw it holds from the next day on", async (t) => {
  const set = await setUpProof(t);
  const { world, time, server } = set;
  await setCampaign(world, { id: "xmas" }, CUP, server);
  t.equal(receiptOf(await drawUntilToldIn(server, "xmas", "ann")), undefined);
  await world.sql`update campaign set verifiable = true where id = 'xmas'`;
  await server.campaigns.check();
  const { status, body } = await drawUntilToldIn(server, "xmas", "bob");
  t.equal(status, 200);
  t.equal(receiptOf({ body }), undefined);
  const days = await world.sql<Sealed[]>`
    select draw_date::text as day, close is not null as closed from proof_day`;
  t.same([...days], [{ day: NEXT, closed: false }]);
  time.set("2099-12-02T08:00:00Z");
  await server.scheduler.tick();
  t.ok(receiptOf(await drawUntilToldIn(server, "xmas", "ann")));
  await world.sql`update campaign set verifiable = false where id = 'xmas'`;
  await server.campaigns.check();
  t.ok(
    receiptOf(await drawUntilToldIn(server, "xmas", "bob")),
    "the day stays sealed",
  );
  await closeDay(set, { day: NEXT, after: "2099-12-03T00:00:30Z" });
  await holds(t, world, { campaign: "xmas", day: NEXT });
  // The next one was sealed already.
  t.ok(receiptOf(await drawUntilToldIn(server, "xmas", "bob")));
  time.set("2099-12-04T08:00:00Z");
  await server.scheduler.tick();
  t.equal(
    receiptOf(await drawUntilToldIn(server, "xmas", "bob")),
    undefined,
    "off",
  );
});

t.test(
  "midnight: draws of the day before, and the next one's first",
  async (t) => {
    const set = await setUpProof(t, { start: "2099-12-01T23:59:59.900Z" });
    const { world, time, server } = set;
    const prizes = [{ id: "CUP", probability: 0.6, total_quota: 500 }];
    await setCampaign(world, { id: "xmas", verifiable: true }, prizes, server);
    const lane = server.campaigns.lane("xmas");
    await drawUntilToldIn(server, "xmas", "ann");
    const { date } = lane.clock.today();
    // Those that began before midnight are decided after it, batch by batch.
    const draw = async (user: string) => {
      const end = await lane.engine.draw(user);
      if (end.outcome !== "won") return;
      await lane.settlements.add({ ...end.settlement, telling: "told" });
    };
    const late = Array.from({ length: 600 }, (_, n) => draw(`late ${n}`));
    time.set("2099-12-02T00:00:00.100Z");
    const early = Array.from({ length: 600 }, (_, n) => draw(`early ${n}`));
    await Promise.all([...late, ...early]);
    t.equal(date, DAY);
    await closeDay(set);
    await closeDay(set, { day: NEXT, after: "2099-12-03T00:00:30Z" });
    await holds(t, world, { campaign: "xmas", day: DAY });
    await holds(t, world, { campaign: "xmas", day: NEXT });
    const units = await world.sql<{ draw_date: string; n: number }[]>`
    select draw_date::text, count(*)::int as n from result group by draw_date order by draw_date`;
    t.ok(units.length === 2, "wins on both days");
  },
);

t.test("the key before signs the first seal of the next one", async (t) => {
  const set = await setUpProof(t);
  const { world, time, server } = set;
  await setCampaign(world, { id: "xmas", verifiable: true }, CUP, server);
  await drawUntilToldIn(server, "xmas", "ann");
  await server.scheduler.tick();
  await server.close();
  const next = "6f".repeat(32);
  const settings = { PROOF_KEY: `${next},${PROOF_KEY}` };
  const { startServer } = await import("../support/start-server.js");
  const later = await startServer(t, world, { ...time.options(), settings });
  await later.scheduler.tick();
  t.ok(
    receiptOf(await drawUntilToldIn(later, "xmas", "bob")),
    "the day goes on",
  );
  await closeDay({ ...set, all: [later] });
  await holds(t, world, { campaign: "xmas", day: DAY });
  time.set("2099-12-02T12:00:00Z");
  await drawUntilToldIn(later, "xmas", "ann");
  const days = ["2099-12-01", "2099-12-02", "2099-12-03", "2099-12-04"];
  for (const day of days.slice(1, 3)) {
    const after = `${days[days.indexOf(day) + 1]}T00:00:30Z`;
    await closeDay({ ...set, all: [later] }, { day, after });
    await holds(t, world, { campaign: "xmas", day });
  }
  const signers = await world.sql<{ n: number }[]>`
    select array_length(string_to_array(trim(key_text, E'\n'), E'\n'), 1) as n from proof_day order by draw_date`;
  // The second day was sealed by the first key already.
  t.same(
    signers.slice(0, 4).map(({ n }) => n),
    [1, 1, 2, 1],
  );
});

t.test("without the key that sealed it nobody draws on a day", async (t) => {
  const { world, time, server } = await setUpProof(t);
  await setCampaign(world, { id: "xmas", verifiable: true }, CUP, server);
  await server.close();
  const { startServer } = await import("../support/start-server.js");
  const lines: string[] = [];
  const other = await startServer(t, world, {
    ...time.options(),
    settings: { PROOF_KEY: "77".repeat(32) },
    logged: (line) => lines.push(line),
  });
  t.equal((await drawIn(other, "xmas", "ann")).status, 503);
  t.match(
    lines.join(""),
    /PROOF_KEY does not hold the key that sealed the day/,
  );
});

t.test("while too much of a log waits for Postgres nobody draws", async (t) => {
  const { world, server } = await setUpProof(t);
  await setCampaign(world, { id: "xmas", verifiable: true }, CUP, server);
  await drawUntilToldIn(server, "xmas", "ann");
  await world.redis.hset(keys.takenToday(DAY), "@log", 4_000_001);
  t.equal((await drawIn(server, "xmas", "bob")).status, 503);
  await world.redis.hset(keys.takenToday(DAY), "@log", 4_000_000);
  t.equal((await drawUntilToldIn(server, "xmas", "bob")).status, 200);
});

t.test("a day that is closed takes no more lines", async (t) => {
  const set = await setUpProof(t);
  const { world, server } = set;
  await setCampaign(world, { id: "xmas", verifiable: true }, CUP, server);
  await drawUntilToldIn(server, "xmas", "ann");
  await closeDay(set);
  const before = await filesOfDay(world, { campaign: "xmas", day: DAY });
  const lane = server.campaigns.lane("xmas");
  const { redis } = lane;
  const names = [lane.keys.takenToday(DAY), lane.keys.log(DAY)];
  t.equal(await redis.line(2, ...names, 0, "V\t1"), "closed");
  t.equal(await redis.exists(lane.keys.log(DAY)), 0);
  for (let n = 0; n < 3; n += 1) await server.scheduler.tick();
  t.same(await filesOfDay(world, { campaign: "xmas", day: DAY }), before);
});

t.test("open names, and a win told again", async (t) => {
  const set = await setUpProof(t);
  const { world, server } = set;
  const campaign = {
    id: "xmas",
    verifiable: true,
    proof_names: "open" as const,
  };
  await setCampaign(world, campaign, [{ id: "CUP" }], server);
  const first = await drawUntilToldIn(server, "xmas", "Zoë", "k1");
  const { line } = receiptOf(first) as { line: string };
  t.equal(line.split("\t")[3], Buffer.from("Zoë").toString("base64url"));
  const { body } = await drawUntilToldIn(server, "xmas", "Zoë", "k1");
  const { id } = (body as { data: { result: { id: string } } }).data.result;
  t.match(body, { proof: `/proof/results/${id}` });
  t.equal(receiptOf({ body }), undefined);
  await closeDay(set);
  await holds(t, world, { campaign: "xmas", day: DAY }, [
    receiptOf(first) ?? {},
  ]);
});
