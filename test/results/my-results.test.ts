import t from "tap";
import { fakeTime } from "../support/fake-time.js";
import { post } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { bearer, sign, withSecret } from "../support/tokens.js";
import { createWorld, type World } from "../support/world.js";

const ADMIN_TOKEN = "a-token-of-administrators-in-tests";

type Win = {
  id: string;
  user_id: string;
  prize_id: string;
  title: string;
  draw_date: string;
  created_at: string;
  state: string;
  redeemed_at: string | null;
  claim_until?: string;
};

type Page = {
  success: boolean;
  data: { results: Win[]; next_cursor: string | null };
  error?: string;
  code?: string;
};

async function list(url: string, token: string, query: object = {}) {
  const search = new URLSearchParams(query as Record<string, string>);
  const answer = await fetch(`${url}/results?${search}`, {
    headers: bearer(token),
  });
  const text = await answer.text();
  const body = JSON.parse(text) as Page;
  return { status: answer.status, headers: answer.headers, text, body };
}

/** A token that is good on the days of these tests. */
const of = (sub: string) =>
  sign(sub, { exp: Date.parse("2100-01-01T00:00:00Z") / 1000 });

async function start(t: Parameters<typeof startServer>[0], settings: object) {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-01T12:00:00Z");
  const server = await startServer(t, world, { settings, ...time.options() });
  await setPrizes(world, [{ id: "SURE" }], server);
  return { world, time, ...server };
}

/** Wins of a user on so many days from the first of November on. */
async function winDaily({ sql }: World, user: string, days: number) {
  await sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
    select gen_random_uuid(), ${user}, 'SURE', day::date,
      coalesce((select max(unit) from result), 0) + row_number() over (), 1000 + coalesce((select max(unit) from result), 0),
      day + interval '10 hours'
    from generate_series('2099-11-01'::timestamp, '2099-11-01'::timestamp + (${days}::int - 1) * interval '1 day', '1 day') day`;
}

t.test("a user sees the own wins alone, in their states", async (t) => {
  const { world, time, url } = await start(t, { ...withSecret, CLAIM_DAYS: 1 });
  const ann = await of("ann");
  const ids: string[] = [];
  for (const day of ["2099-11-01", "2099-11-02", "2099-11-03"]) {
    time.set(`${day}T12:00:00Z`);
    await post(`${url}/draw`, {}, bearer(await of("bob")));
    const won = await post(`${url}/draw`, {}, bearer(ann));
    ids.push(won.body.data?.result?.id ?? "none");
  }
  const fields = { id: ids[1], phone_no: "99999999" };
  const redeemed = await post(`${url}/redeem`, fields, bearer(ann));
  t.equal(redeemed.status, 200);
  const { status, headers, body, text } = await list(url, ann);
  t.equal(status, 200);
  t.equal(headers.get("cache-control"), "no-store");
  t.notMatch(text, /99999999|phone/);
  t.same(body, {
    success: true,
    data: {
      results: [
        ["2099-11-03", "open", null, "2099-11-05T00:00:00+00:00"],
        [
          "2099-11-02",
          "redeemed",
          "2099-11-03T12:00:00.000Z",
          "2099-11-04T00:00:00+00:00",
        ],
        ["2099-11-01", "forfeited", null, "2099-11-03T00:00:00+00:00"],
      ].map(([draw_date, state, redeemed_at, claim_until], n) => ({
        id: ids[2 - n],
        user_id: "ann",
        prize_id: "SURE",
        title: "a SURE",
        draw_date,
        created_at: `${draw_date}T12:00:00.000Z`,
        state,
        redeemed_at,
        claim_until,
      })),
      next_cursor: null,
    },
  });
  const ofBob = (await list(url, await of("bob"))).body.data.results;
  t.same(
    ofBob.map(({ state }) => state),
    ["open", "open", "forfeited"],
    "open to the end of the last day",
  );
  await world.sql`update prize set active = false`;
  t.equal((await list(url, ann)).body.data.results.length, 3, "of old prizes");
});

t.test("without CLAIM_DAYS a win stays open", async (t) => {
  const { time, url, world } = await start(t, withSecret);
  await winDaily(world, "ann", 1);
  time.set("2099-12-31T12:00:00Z");
  const [win] = (await list(url, await of("ann"))).body.data.results;
  t.equal(win?.state, "open");
  t.notOk("claim_until" in (win ?? {}));
});

t.test("pages hold every win once, whatever comes meanwhile", async (t) => {
  const { world, url } = await start(t, withSecret);
  await winDaily(world, "ann", 25);
  await winDaily(world, "bob", 25);
  const ann = await of("ann");
  const seen: string[] = [];
  const sizes: number[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page = await list(url, ann, {
      limit: "10",
      ...(cursor && { cursor }),
    });
    t.equal(page.status, 200);
    sizes.push(page.body.data.results.length);
    seen.push(...page.body.data.results.map((win: Win) => win.draw_date));
    cursor = page.body.data.next_cursor;
    if (sizes.length === 1) {
      await world.sql`
        insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
        values (gen_random_uuid(), 'ann', 'SURE', '2099-12-24', 999, 999, now())`;
    }
  }
  t.same(sizes, [10, 10, 5]);
  const days = Array.from({ length: 25 }, (_, n) => 25 - n);
  t.same(
    seen,
    days.map((day) => `2099-11-${String(day).padStart(2, "0")}`),
    "newest first",
  );
  const whole = await list(url, ann);
  t.equal(whole.body.data.results.length, 20, "20 unless told");
  const exact = await list(url, ann, { limit: "26" });
  t.equal(exact.body.data.results.length, 26);
  t.equal(exact.body.data.next_cursor, null, "no empty page at the end");
});

t.test("who may read what", async (t) => {
  const { world, url } = await start(t, { ...withSecret, ADMIN_TOKEN });
  await winDaily(world, "ann", 1);
  const eve = await of("eve");
  const other = await list(url, eve, { username: "ann" });
  t.equal(other.status, 403);
  t.notMatch(other.text, /SURE/);
  t.same((await list(url, eve)).body.data.results, []);

  const admin = await list(url, ADMIN_TOKEN, { username: " ａnn" });
  t.equal(admin.body.data.results[0]?.user_id, "ann", "an administrator");
  const whose = await list(url, ADMIN_TOKEN);
  t.equal(whose.status, 400, "an administrator has no name");
  t.match(whose.body.error, /^username: is missing/);
  for (const token of [`${ADMIN_TOKEN}x`, "nonsense"]) {
    t.equal((await list(url, token, { username: "ann" })).status, 401);
  }
  const bare = await fetch(`${url}/results?username=ann`);
  t.equal(bare.status, 401);
  t.equal(bare.headers.get("www-authenticate"), "Bearer");

  const drawn = await post(
    `${url}/draw`,
    { username: "ann" },
    bearer(ADMIN_TOKEN),
  );
  t.equal(drawn.status, 401, "an administrator draws for nobody");
});

t.test("a name in the body does not open another's results", async (t) => {
  const { world, app } = await start(t, withSecret);
  await winDaily(world, "ann", 1);
  const answer = await app.inject({
    method: "GET",
    url: "/results?username=ann",
    headers: { ...bearer(await of("eve")), "content-type": "application/json" },
    payload: { username: "eve" },
  });
  t.equal(answer.statusCode, 403);
});

t.test("administrators alone, where users have no tokens", async (t) => {
  const { world, url } = await start(t, { ADMIN_TOKEN });
  await winDaily(world, "ann", 1);
  const { status, body } = await list(url, ADMIN_TOKEN, { username: "ann" });
  t.equal(status, 200);
  t.equal(body.data.results.length, 1);
  t.equal((await fetch(`${url}/results?username=ann`)).status, 401);
  const drawn = await post(`${url}/draw`, { username: "ann" });
  t.equal(drawn.status, 200, "draws are as open as before");
});

t.test("an administrator is not counted as the user", async (t) => {
  const settings = { ADMIN_TOKEN, RATE_LIMIT_USER: 1 };
  const { url } = await start(t, settings);
  for (let n = 0; n < 3; n += 1) {
    const answer = await list(url, ADMIN_TOKEN, { username: "ann" });
    t.equal(answer.status, 200);
  }
  t.equal((await post(`${url}/draw`, { username: "ann" })).status, 200);
});

t.test("with no token set there is no such path", async (t) => {
  const { url } = await start(t, {});
  const answer = await fetch(`${url}/results?username=ann`);
  t.equal(answer.status, 404);
  t.match(await answer.json(), { success: false, code: "NOT_FOUND" });
});

t.test("bad queries are told", async (t) => {
  const { url } = await start(t, withSecret);
  const ann = await of("ann");
  const bad: [object, RegExp][] = [
    ...["0", "101", "-1", "1.5", "ten", ""].map((limit): [object, RegExp] => [
      { limit },
      /^limit: must be a number from/,
    ]),
    ...[
      "nonsense",
      "2099-11-01",
      "",
      toCursor("2099-02-31"),
      toCursor("0000-01-01"),
      toCursor("x"),
    ].map((cursor): [object, RegExp] => [
      { cursor },
      /^cursor: must be the next_c/,
    ]),
    [{ offset: "3" }, /^offset: is not a field of this request/],
    [{ username: "" }, /^username: must have 1 to 255 characters/],
  ];
  for (const [query, sentence] of bad) {
    const { status, body } = await list(url, ann, query);
    t.equal(status, 400, JSON.stringify(query));
    t.match(body, { code: "INVALID_REQUEST", error: sentence });
  }
});

const toCursor = (text: string) => Buffer.from(text).toString("base64url");
