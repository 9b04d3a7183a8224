import t from "tap";
import { fakeTime } from "../support/fake-time.js";
import { holdResults } from "../support/hold-results.js";
import { outboxHolds } from "../support/outbox-entries.js";
import { told } from "../support/post.js";
import { drawIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// When a campaign begins and ends, to the millisecond, and what its last day says.

const XMAS = {
  id: "xmas",
  starts_at: "2099-12-24T12:00:00.000Z",
  ends_at: "2099-12-25T18:00:00.000Z",
};

t.test("nobody draws before the start or from the end on", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-12-24T11:59:59.999Z");
  const server = await startServer(t, world, time.options());
  await setCampaign(world, XMAS, [{ id: "CUP" }], server);

  const early = await drawIn(server, "xmas", "ann");
  t.equal(early.status, 409);
  t.same(early.body, {
    success: false,
    error: "The draw has not started yet.",
    code: "CAMPAIGN_NOT_STARTED",
    starts_at: "2099-12-24T12:00:00.000Z",
  });
  time.set("2099-12-24T12:00:00.000Z");
  const first = await drawIn(server, "xmas", "ann");
  t.equal(told(first.body), "won", "no draw was used up");
  t.match(first.body.data?.result, { campaign_id: "xmas", prize_id: "CUP" });

  time.set("2099-12-25T17:59:59.999Z");
  t.equal(told((await drawIn(server, "xmas", "ann")).body), "won");
  const kept = await drawIn(server, "xmas", "bob", "key-of-bob");
  t.equal(told(kept.body), "won");
  time.set("2099-12-25T18:00:00.000Z");
  for (const name of ["ann", "cyd"]) {
    const late = await drawIn(server, "xmas", name);
    t.equal(late.status, 410);
    t.match(late.body, {
      code: "CAMPAIGN_ENDED",
      error: "The draw has ended.",
    });
  }
  const again = await drawIn(server, "xmas", "bob", "key-of-bob");
  t.same(again.body, kept.body, "a key gets its outcome all the same");
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, 3);
});

t.test("unknown and inactive campaigns look the same", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setCampaign(world, { id: "old", active: false }, [{ id: "A" }], server);
  for (const id of ["old", "none", "", "constructor", "x".repeat(500)]) {
    const answer = await drawIn(server, id, "ann");
    t.equal(answer.status, 404, id);
    t.match(answer.body, { code: "CAMPAIGN_NOT_FOUND" });
    const listing = await fetch(`${server.url}/prizes?campaign=${id}`);
    t.equal(listing.status, 404, id);
  }
  await world.sql`update campaign set active = true where id = 'old'`;
  await server.campaigns.check();
  t.equal(told((await drawIn(server, "old", "ann")).body), "won");
});

t.test("a win that was not told is told after the end", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-12-25T17:59:59.000Z");
  const server = await startServer(t, world, time.options());
  await setCampaign(world, XMAS, [{ id: "CUP" }], server);
  const release = await holdResults(world);
  const controller = new AbortController();
  const leaving = fetch(`${server.url}/draw`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "ann", campaign: "xmas" }),
    signal: controller.signal,
  }).catch(() => {});
  const { keys, settlements } = server.campaigns.lane("xmas");
  for (let n = 0; n < 500 && !(await world.redis.xlen(keys.outbox)); n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  controller.abort();
  await leaving;
  await release();
  time.set("2099-12-26T12:00:00.000Z");
  for (let n = 0; n < 500 && !(await world.redis.hlen(keys.pending)); n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await settlements.idle();
  }
  const late = await drawIn(server, "xmas", "ann");
  t.equal(told(late.body), "won", "told on the day after the end");
  await settlements.idle();
  t.equal((await drawIn(server, "xmas", "ann")).status, 410, "once");
  await outboxHolds(world, 0);
});

t.test("the last day promises no tomorrow", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-12-24T13:00:00.000Z");
  const server = await startServer(t, world, time.options());
  await setCampaign(
    world,
    { ...XMAS, time_zone: "Asia/Hong_Kong" },
    [{ id: "CUP", probability: 0 }],
    server,
  );
  const before = await drawIn(server, "xmas", "ann");
  t.equal(before.body.data?.resets_at, "2099-12-25T00:00:00+08:00");
  t.equal(before.body.data?.message, "Unlucky! Please try again tomorrow!");
  // The 26th in Hong Kong ends after the end.
  time.set("2099-12-25T17:00:00.000Z");
  const last = await drawIn(server, "xmas", "ann");
  t.equal(last.body.data?.resets_at, null);
  t.notMatch(last.body.data?.message, /tomorrow/);
  const again = await drawIn(server, "xmas", "ann");
  t.equal(again.body.data?.resets_at, null);
  t.match(again.body.data?.message, /^You have already participated\./);
  t.notMatch(again.body.data?.message, /tomorrow/);
  const listing = await fetch(`${server.url}/prizes?campaign=xmas`);
  t.match(await listing.json(), { data: { resets_at: null } });
});

t.test("it ends while 200 requests are under way", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all([1, 2].map(() => startServer(t, world)));
  await setCampaign(
    world,
    { id: "xmas" },
    [{ id: "CUP", probability: 0.5 }],
    ...servers,
  );
  const end = Math.ceil((servers[0]?.clock.now() ?? 0) + 1_500);
  const ends_at = new Date(end).toISOString();
  await setCampaign(world, { id: "xmas", ends_at }, [], ...servers);
  const statuses = new Map<number, number>();
  let n = 0;
  const callers = Array.from({ length: 200 }, async (_, caller) => {
    for (;;) {
      n += 1;
      const server = servers[caller % 2] as (typeof servers)[0];
      const { status } = await drawIn(server, "xmas", `user ${n}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 410) return;
    }
  });
  await Promise.all(callers);
  t.same([...statuses.keys()].sort(), [200, 410]);
  for (const { campaigns } of servers) {
    await campaigns.lane("xmas").settlements.idle();
  }
  const rows = await world.sql`
    select 1 from result where created_at >= ${new Date(end)}`;
  t.equal(rows.length, 0, "nobody won at the end or later");
  const wins = await world.sql`select 1 from result`;
  t.ok(wins.length > 0, `${wins.length} won before`);
});

t.test("GET /campaigns lists those that run and are announced", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-12-24T11:00:00.000Z");
  const server = await startServer(t, world, {
    ...time.options(),
    timeZone: "Europe/Paris",
  });
  await setCampaign(world, { ...XMAS, draws_per_day: 3 }, [], server);
  await setCampaign(world, { id: "off", active: false }, [], server);
  const list = async () => {
    const answer = await fetch(`${server.url}/campaigns`);
    const { data } = (await answer.json()) as {
      data: { campaigns: { id: string }[] };
    };
    return data.campaigns;
  };
  const common = { time_zone: "Europe/Paris", title: "the xmas", ...XMAS };
  const xmas = { ...common, draws_per_day: 3, verifiable: false };
  t.match(
    (await list()).map(({ id }) => id),
    ["default", "xmas"],
  );
  t.same((await list())[1], { ...xmas, state: "announced" });
  time.set("2099-12-24T12:00:00.000Z");
  t.same((await list())[1], { ...xmas, state: "running" });
  time.set("2099-12-25T18:00:00.000Z");
  t.match(
    (await list()).map(({ id }) => id),
    ["default"],
  );
});

t.test("a campaign without prizes has its dates all the same", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-12-24T11:00:00.000Z");
  const server = await startServer(t, world, time.options());
  await setCampaign(world, XMAS, [], server);
  t.equal((await drawIn(server, "xmas", "ann")).status, 409);
  time.set("2099-12-24T13:00:00.000Z");
  t.equal((await drawIn(server, "xmas", "ann")).status, 503);
  const { problems } = (await (await fetch(`${server.url}/readyz`)).json()) as {
    problems: string[];
  };
  t.ok(problems.some((it) => it.startsWith("xmas: There are no prizes")));
  await setCampaign(world, XMAS, [{ id: "CUP" }], server);
  t.equal(told((await drawIn(server, "xmas", "ann")).body), "won");
  time.set("2099-12-25T19:00:00.000Z");
  t.equal((await drawIn(server, "xmas", "ann")).status, 410);
});
