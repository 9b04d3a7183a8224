import t from "tap";
import { keysOf } from "../../src/stores/keys.js";
import { ADMIN, ANY, adminOf } from "../support/admin-calls.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { type Body, post, told } from "../support/post.js";
import {
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// Campaigns beside each other: the same prize ids and users, and nothing of one in another.

type Server = Awaited<ReturnType<typeof startServer>>;

t.test("the same prize id and users, under load on two servers", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all([1, 2].map(() => startServer(t, world)));
  const quotas = { default: 10, one: 20, two: 30 };
  await setPrizes(world, [{ id: "CUP", total_quota: 10 }], ...servers);
  for (const id of ["one", "two"] as const) {
    await setCampaign(world, { id }, [{ id: "CUP", total_quota: quotas[id] }]);
  }
  for (const { campaigns } of servers) await campaigns.check();
  const asks = Object.keys(quotas).flatMap((campaign) =>
    Array.from({ length: 80 }, (_, n) => ({ campaign, user: `user ${n}` })),
  );
  const won: Record<string, number> = {};
  await inParallel([...asks.entries()], 120, async ([n, ask]) => {
    const server = servers[n % 2] as Server;
    const { body } = await drawUntilToldIn(server, ask.campaign, ask.user);
    if (told(body) !== "won") return;
    won[ask.campaign] = (won[ask.campaign] ?? 0) + 1;
    const { campaign_id = "default" } = (body.data?.result ?? {}) as {
      campaign_id?: string;
    };
    if (campaign_id !== ask.campaign)
      t.fail(`${campaign_id} in ${ask.campaign}`);
  });
  t.same(won, quotas);
  for (const { campaigns } of servers) {
    for (const { settlements } of campaigns.lanes()) await settlements.idle();
  }
  const rows = await world.sql`
    select campaign_id, count(*)::int as n, max(unit)::int as unit from result group by campaign_id order by campaign_id`;
  t.same(
    [...rows],
    Object.entries(quotas).map(([campaign_id, n]) => ({
      campaign_id,
      n,
      unit: n,
    })),
  );
  const tags = new Set(
    (await world.redis.keys("*")).map((key) => key.replace(/\}.*/, "}")),
  );
  t.same(
    tags,
    new Set(["{lucky-draw}", "{lucky-draw:one}", "{lucky-draw:two}"]),
  );
});

t.test("a draw that names default is the one that names none", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "CUP" }], server);
  const one = await drawIn(server, "default", "ann");
  t.equal(told(one.body), "won");
  t.notOk("campaign_id" in (one.body.data?.result ?? {}));
  t.equal(told((await server.draw("ann")).body), "participated");
});

t.test("zones, claims and results are each campaign's own", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T20:00:00Z");
  const server = await startServer(t, world, {
    ...time.options(),
    settings: { ...ADMIN.settings, CLAIM_DAYS: 5 },
  });
  await setPrizes(world, [{ id: "CUP" }], server);
  await setCampaign(
    world,
    { id: "tokyo", time_zone: "Asia/Tokyo", claim_days: 1 },
    [{ id: "CUP" }],
    server,
  );
  const here = await server.draw("ann");
  const there = await drawIn(server, "tokyo", "ann");
  const idOf = (body: Body) => body.data?.result?.id ?? "";
  t.match(here.body.data?.result, { claim_until: "2099-11-28T00:00:00+00:00" });
  t.match(there.body.data?.result, {
    claim_until: "2099-11-25T00:00:00+09:00",
  });
  for (const { settlements } of server.campaigns.lanes()) {
    await settlements.idle();
  }
  const rows = await world.sql`
    select campaign_id, draw_date::text from result order by campaign_id`;
  t.same(
    [...rows],
    [
      { campaign_id: "default", draw_date: "2099-11-22" },
      { campaign_id: "tokyo", draw_date: "2099-11-23" },
    ],
  );
  const mine = async (campaign: string) => {
    const answer = await fetch(
      `${server.url}/results?username=ann${campaign}`,
      { headers: { authorization: `Bearer ${ADMIN.settings.ADMIN_TOKEN}` } },
    );
    return ((await answer.json()) as { data: { results: unknown[] } }).data
      .results;
  };
  t.match(await mine(""), [{ id: idOf(here.body), state: "open" }]);
  t.match(await mine("&campaign=tokyo"), [
    { id: idOf(there.body), campaign_id: "tokyo", state: "open" },
  ]);
  // In Tokyo the 24th is over, here it is not.
  time.set("2099-11-24T15:00:00Z");
  const redeem = (body: Body) =>
    post(`${server.url}/redeem`, { id: idOf(body), username: "ann" });
  t.match((await redeem(there.body)).body, { code: "CLAIM_EXPIRED" });
  t.match(await mine("&campaign=tokyo"), [{ state: "forfeited" }]);
  t.equal((await redeem(here.body)).status, 200);
  const more = await drawIn(server, "tokyo", "bob");
  const redeemed = await post(`${server.url}/redeem`, {
    id: idOf(more.body),
    username: "bob",
  });
  t.match(redeemed.body.data?.result, { campaign_id: "tokyo" });
});

t.test("administrators see one campaign at a time", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  await setPrizes(world, [{ id: "CUP" }], server);
  const made = await call("POST", "/campaigns", {
    id: "xmas",
    title: "Xmas",
    draws_per_day: 2,
    time_zone: "Europe/Paris",
  });
  t.equal(made.status, 201);
  t.match(made.data.campaigns, [{ id: "default" }, { id: "xmas" }]);
  const put = await call("POST", "/prizes?campaign=xmas", {
    id: "CUP",
    title: "the cup of xmas",
    probability: 1,
    daily_quota: 3,
    release_from: "00:00",
    release_to: "24:00",
  });
  t.equal(put.status, 201);
  t.equal(put.data.prizes.length, 1);
  const { data: own } = await call("GET", "/prizes");
  t.match(own.prizes, [{ title: "a CUP", release_from: null }]);
  await server.draw("ann");
  await call(
    "PATCH",
    "/prizes/CUP?campaign=xmas",
    { release_from: null, release_to: null },
    ANY,
  );
  const { body } = await drawIn(server, "xmas", "ann");
  t.equal(
    body.data?.message,
    "Congratulations! You have won a the cup of xmas!",
  );
  for (const { settlements } of server.campaigns.lanes())
    await settlements.idle();
  for (const path of ["/results", "/figures"]) {
    const { data: one } = await call("GET", path);
    const { data: two } = await call("GET", `${path}?campaign=xmas`);
    const count = (data: typeof one) => data.results?.length ?? data.ever.wins;
    t.same([count(one), count(two)], [1, 1], path);
  }
  const { data: history } = await call("GET", "/history?campaign=xmas");
  t.match(
    history.changes.map((it: { prize_id: string | null }) => it.prize_id),
    ["CUP", "CUP", null],
  );
  t.match(history.changes.at(-1).after, { id: "xmas", draws_per_day: 2 });
  const stale = await call(
    "PATCH",
    "/campaigns/xmas",
    { title: "X" },
    { "if-match": made.headers.get("etag") ?? "" },
  );
  t.equal(stale.status, 412);
  const etag = (await call("GET", "/campaigns")).headers.get("etag") ?? "";
  const preview = await call(
    "PATCH",
    "/campaigns/xmas?preview=yes",
    { draws_per_day: 9 },
    { "if-match": etag },
  );
  t.match(preview.data, { preview: true });
  t.equal(preview.data.campaigns[1].draws_per_day, 9);
  const gone = await call("DELETE", "/campaigns/xmas", undefined, {
    "if-match": etag,
  });
  t.equal(gone.status, 200, "a preview moved nothing");
  t.equal((await drawIn(server, "xmas", "bob")).status, 404);
  for (const [body, field] of [
    [{ id: "Xmas", title: "x" }, "id"],
    [{ id: "x", title: "" }, "title"],
    [{ id: "x", title: "x", time_zone: "Mars/Base" }, "time_zone"],
    [{ id: "x", title: "x", time_zone: "+08:00" }, "time_zone"],
    [{ id: "x", title: "x", starts_at: "tomorrow" }, "starts_at"],
    [{ id: "x", title: "x", starts_at: "2099-02-30T00:00:00Z" }, "starts_at"],
    [{ id: "x", title: "x", draws_per_day: 0 }, "draws_per_day"],
    [{ id: "x", title: "x", wins_per_user: 1.5 }, "wins_per_user"],
    [
      {
        id: "x",
        title: "x",
        starts_at: "2099-02-02T00:00:00Z",
        ends_at: "2099-02-01T00:00:00Z",
      },
      "ends_at",
    ],
  ] as const) {
    const answer = await call("POST", "/campaigns", body);
    t.match(answer, { status: 400, code: "INVALID_REQUEST" });
    t.match(answer.error, new RegExp(`^${field}: `), answer.error);
  }
  t.match(await call("POST", "/campaigns", { id: "xmas", title: "x" }), {
    status: 409,
    code: "CAMPAIGN_EXISTS",
  });
  t.match(await call("PATCH", "/campaigns/none", { title: "x" }, ANY), {
    status: 404,
    code: "CAMPAIGN_NOT_FOUND",
  });
});

t.test("moments by the API: listed, added, deleted", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T12:00:00Z");
  const server = await startServer(t, world, { ...ADMIN, ...time.options() });
  const call = adminOf(server.url);
  await setCampaign(
    world,
    { id: "m" },
    [{ id: "CUP", probability: 0 }],
    server,
  );
  const path = "/campaigns/m/moments";
  const moments = [11, 13, 14].map((hour) => `2099-11-22T${hour}:00:00.000Z`);
  const made = await call(
    "POST",
    path,
    { prize_id: "CUP", moments },
    {
      "x-changed-by": "Ann",
    },
  );
  t.match(made, {
    status: 201,
    data: { campaign_id: "m", count: 3, created_by: "admin: Ann" },
  });
  t.match(made.data.sha256, /^[0-9a-f]{64}$/);
  const won = await drawIn(server, "m", "ann");
  t.equal(told(won.body), "won");
  await server.campaigns.lane("m").settlements.idle();
  const first = await call("GET", `${path}?limit=2`);
  t.match(first.data.moments, [
    { at: moments[0], result_id: won.body.data?.result?.id },
    { at: moments[1], result_id: null },
  ]);
  const rest = await call("GET", `${path}?cursor=${first.data.next_cursor}`);
  t.match(rest.data, { moments: [{ at: moments[2] }], next_cursor: null });
  const gone = await call("DELETE", `${path}?prize_id=CUP`);
  t.same(gone.data, { deleted: 2 });
  time.set("2099-11-22T18:00:00Z");
  t.equal(told((await drawIn(server, "m", "bob")).body), "no_prize");
  for (const [body, error] of [
    [{ prize_id: "NONE", moments }, /^prize_id: /],
    [{ prize_id: "CUP", moments: [] }, /^moments: /],
    [{ prize_id: "CUP", moments: ["now"] }, /^moments/],
    [{ prize_id: "CUP", moments: ["2099-13-01T00:00:00Z"] }, /^moments\[0\]: /],
  ] as const) {
    t.match(await call("POST", path, body), { status: 400, error });
  }
  t.match(await call("GET", "/campaigns/none/moments"), { status: 404 });
});

t.test("an edit of one campaign is in force at others' servers", async (t) => {
  const world = await createWorld(t);
  const [one, other] = await Promise.all([
    startServer(t, world, ADMIN),
    startServer(t, world),
  ] as const);
  await setCampaign(world, { id: "e" }, [{ id: "CUP" }], one, other);
  await adminOf(one.url)("PATCH", "/campaigns/e", { draws_per_day: 2 }, ANY);
  other.scheduler.start();
  await until(
    "the edit",
    async () => {
      const { held } = other.campaigns.lane("e");
      if (held.campaign.draws_per_day !== 2) throw new Error("not yet");
    },
    3_000,
  );
  const { body } = await drawIn(other, "e", "ann");
  t.match(body.data, { draws_left: 1 });
});

t.test("a thousand past campaigns are not looked at", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await world.sql`
    insert into campaign (id, title, starts_at, ends_at)
    select 'past-' || n, 'past', now() - interval '90 days', now() - interval '60 days' from generate_series(1, 1000) n`;
  await setCampaign(world, { id: "now" }, [{ id: "CUP" }], server);
  t.same(
    server.campaigns.watched().map(({ held }) => held.campaign.id),
    ["default", "now"],
  );
  t.equal(server.campaigns.lanes().length, 2);
  const asked: string[] = [];
  const sending = server.redis.sendCommand.bind(server.redis);
  server.redis.sendCommand = (command, ...rest) => {
    asked.push(command.name);
    return sending(command, ...rest);
  };
  await server.scheduler.tick();
  t.ok(asked.length < 40, `${asked.length} commands a second`);
  const late = await drawIn(server, "past-7", "ann");
  t.equal(late.status, 410, "though it has no prizes");
  await world.sql`
    insert into prize (campaign_id, id, title, probability) values ('past-7', 'CUP', 'cup', 1)`;
  await server.campaigns.check();
  t.equal((await drawIn(server, "past-7", "ann")).status, 410);
  t.equal(server.campaigns.watched().length, 2, "nor now");
});

t.test(
  "a win that a past campaign left in its outbox gets its row",
  async (t) => {
    const world = await createWorld(t);
    const first = await startServer(t, world);
    await setCampaign(world, { id: "past" }, [{ id: "CUP" }], first);
    await world.sql`
    update campaign set starts_at = now() - interval '90 days', ends_at = now() - interval '60 days' where id = 'past'`;
    await first.close();
    const { outbox } = keysOf("past");
    const ticket = `-attempt1000000000${crypto.randomUUID()}ann`;
    const wins = `2099-01-01\t1\nCUP\t0\t0\nCUP\t${ticket}`;
    await world.redis.xadd(outbox, "*", "wins", wins);
    const server = await startServer(t, world);
    const ids = server.campaigns.watched().map(({ held }) => held.campaign.id);
    t.same(ids, ["default", "past"]);
    t.equal(await server.campaigns.lane("past").sweep(-1_000), 1);
    const rows = await world.sql`select user_id, campaign_id from result`;
    t.same([...rows], [{ user_id: "ann", campaign_id: "past" }]);
    t.equal(await world.redis.xlen(outbox), 0);
  },
);

t.test(
  "whoever is in another campaign redeems while Redis is away",
  async (t) => {
    const world = await createWorld(t);
    const first = await startServer(t, world);
    await setCampaign(
      world,
      { id: "past", claim_days: 3_650 },
      [{ id: "CUP" }],
      first,
    );
    const { body } = await drawIn(first, "past", "ann");
    await first.campaigns.lane("past").settlements.idle();
    await world.sql`
    update campaign set starts_at = now() - interval '90 days', ends_at = now() - interval '60 days' where id = 'past'`;
    await first.close();
    const redisUrl = "redis://127.0.0.1:1";
    const server = await startServer(t, { ...world, redisUrl });
    const answer = await post(`${server.url}/redeem`, {
      id: body.data?.result?.id,
      username: "ann",
    });
    t.equal(answer.status, 200);
    t.match(answer.body.data?.result, { campaign_id: "past" });
  },
);
