import { randomUUID } from "node:crypto";
import t from "tap";
import { PARTS, systemRandom } from "../../src/random.js";
import { ADMIN, ADMIN_TOKEN, adminOf } from "../support/admin-calls.js";
import { fakeTime } from "../support/fake-time.js";
import { post } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld, type World } from "../support/world.js";

// Results and figures as administrators see them.

type Row = {
  user_id: string;
  prize_id: string;
  draw_date: string;
  unit: number;
  day_unit: number;
  phone_no?: string;
  redeemed?: boolean;
};

const TODAY = "2096-11-25";

/** Rows as they stand after years of draws. */
async function insert({ sql }: World, rows: Row[]) {
  const full = rows.map(({ redeemed: _, ...row }) => ({
    id: randomUUID(),
    created_at: `${row.draw_date}T10:00:00Z`,
    phone_no: null,
    ...row,
  }));
  await sql`insert into result ${sql(full)}`;
  for (const { redeemed, prize_id, unit, draw_date } of rows) {
    if (!redeemed) continue;
    await sql`
      update result set redeemed_at = ${`${draw_date}T11:00:00Z`}
      where prize_id = ${prize_id} and unit = ${unit}`;
  }
}

const users = (data: { results: { user_id: string }[] }) =>
  data.results.map(({ user_id }) => user_id);

async function atNoon(t: Parameters<typeof startServer>[0], settings = {}) {
  const world = await createWorld(t);
  const time = fakeTime(`${TODAY}T12:00:00Z`);
  let rolls = 0;
  const server = await startServer(t, world, {
    ...time.options(),
    // Half of all draws are of A, a quarter of B.
    random: { ...systemRandom, roll: () => (250_000_000 * rolls++) % PARTS },
    settings: { ...ADMIN.settings, ...settings },
  });
  await setPrizes(
    world,
    [
      { id: "A", probability: 0.5, daily_quota: 10, total_quota: 100 },
      { id: "B", probability: 0.25 },
    ],
    server,
  );
  return { world, server, call: adminOf(server.url) };
}

const win = (
  prize_id: string,
  draw_date: string,
  unit: number,
  day_unit: number,
  more: Partial<Row> = {},
): Row => ({
  user_id: `${prize_id}${unit}`,
  prize_id,
  draw_date,
  unit,
  day_unit,
  ...more,
});

const PHONE = "+85251234567";

const ROWS = [
  win("A", "2096-11-22", 1, 1, {
    user_id: "ann",
    redeemed: true,
    phone_no: PHONE,
  }),
  win("A", "2096-11-23", 2, 1, { user_id: "ann" }),
  win("B", "2096-11-24", 1, 1, {
    user_id: "ann",
    redeemed: true,
    phone_no: PHONE,
  }),
  win("B", "2096-11-22", 2, 1),
  win("A", TODAY, 3, 1),
  win("A", TODAY, 4, 2, { redeemed: true }),
  win("A", TODAY, 5, 3),
  win("B", TODAY, 3, 1, { user_id: "ann", redeemed: true, phone_no: PHONE }),
  win("B", TODAY, 4, 2),
];

t.test("by day, prize and state, page by page", async (t) => {
  const { world, call } = await atNoon(t, { CLAIM_DAYS: 2 });
  await insert(world, ROWS);
  const cases: [string, string[]][] = [
    ["", ["A5", "A4", "A3", "B4", "ann"]],
    ["prize_id=A", ["A5", "A4", "A3"]],
    ["prize_id=C", []],
    ["state=redeemed", ["A4", "ann"]],
    ["state=open", ["A5", "A3", "B4"]],
    ["state=open&prize_id=B", ["B4"]],
    ["state=forfeited", []],
    ["day=2096-11-22", ["ann", "B2"]],
    ["day=2096-11-22&state=forfeited", ["B2"]],
    ["day=2096-11-22&state=redeemed", ["ann"]],
    ["day=2096-11-22&state=open", []],
    ["day=2096-11-23&state=open", ["ann"]],
    ["day=2096-11-23&state=forfeited", []],
    ["day=2092-02-29", []],
  ];
  for (const [query, expected] of cases) {
    const { status, data } = await call("GET", `/results?${query}`);
    t.equal(status, 200);
    t.equal(data.date, /day=([\d-]+)/.exec(query)?.[1] ?? TODAY);
    t.same(users(data), expected, query);
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const more: string = cursor && `&cursor=${cursor}`;
      const page = await call("GET", `/results?limit=1&${query}${more}`);
      t.ok(page.data.results.length <= 1);
      seen.push(...users(page.data));
      cursor = page.data.next_cursor;
    }
    t.same(seen, expected, `${query} one by one`);
  }
});

t.test("of a user, a phone number, an id, over all days", async (t) => {
  const { world, call } = await atNoon(t, { CLAIM_DAYS: 1 });
  await insert(world, ROWS);
  const cases: [string, string[]][] = [
    ["username=ann", ["B3", "B1", "A2", "A1"]],
    ["username=%20%EF%BD%81nn", ["B3", "B1", "A2", "A1"]],
    ["username=ann&prize_id=A", ["A2", "A1"]],
    ["username=ann&day=2096-11-24", ["B1"]],
    ["username=ann&state=redeemed", ["B3", "B1", "A1"]],
    ["username=ann&state=forfeited", ["A2"]],
    ["username=ann&state=open", []],
    ["username=nobody", []],
    ["phone_no=51234567", ["B3", "B1", "A1"]],
    ["phone_no=%2B852%205123%204567&username=A4", []],
    ["phone_no=%2B14155552671", []],
  ];
  const named = ({ results }: { results: Row[] }) =>
    results.map(({ prize_id, unit }) => `${prize_id}${unit}`);
  for (const [query, expected] of cases) {
    t.same(
      named((await call("GET", `/results?${query}`)).data),
      expected,
      query,
    );
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const more: string = cursor && `&cursor=${cursor}`;
      const { data } = await call("GET", `/results?limit=1&${query}${more}`);
      seen.push(...named(data));
      cursor = data.next_cursor;
    }
    t.same(seen, expected, `${query} one by one`);
  }
  const [row] = await world.sql`select id from result where user_id = 'A4'`;
  const { data } = await call("GET", `/results?id=${row?.id.toUpperCase()}`);
  t.same(data, {
    date: null,
    results: [
      {
        id: row?.id,
        user_id: "A4",
        campaign_id: "default",
        prize_id: "A",
        title: "a A",
        draw_date: TODAY,
        draw_no: 1,
        unit: 4,
        day_unit: 2,
        created_at: `${TODAY}T10:00:00.000Z`,
        state: "redeemed",
        redeemed_at: `${TODAY}T11:00:00.000Z`,
      },
    ],
    next_cursor: null,
  });
});

t.test("phone numbers only where they are asked for", async (t) => {
  const { world, server } = await atNoon(t);
  await insert(world, ROWS);
  const text = async (path: string) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    return (await fetch(`${server.url}/admin${path}`, { headers })).text();
  };
  for (const path of [
    "/results",
    "/results?username=ann",
    `/results?phone_no=${encodeURIComponent(PHONE)}`,
    "/results.csv",
    "/results.csv?state=redeemed",
  ]) {
    t.notMatch(await text(path), PHONE.slice(1), path);
    const join = path.includes("?") ? "&" : "?";
    t.match(await text(`${path}${join}phones=yes`), PHONE, path);
  }
});

t.test("what is wrong is told", async (t) => {
  const { call } = await atNoon(t);
  for (const [query, error] of [
    ["day=today", /^day: must be a date such as/],
    ["day=2096-02-30", /^day: must be a date/],
    ["day=0000-01-01", /^day: must be a date/],
    ["day=2096-11-22&day=2096-11-23", /^day: must be/],
    ["state=lost", /^state: must be open, redeemed or forfeited/],
    ["phones=no", /^phones: must be yes, or left out/],
    ["id=1", /^id: must be a UUID/],
    ["phone_no=1", /^phone_no: must be a valid phone number/],
    ["username=", /^username: must have 1 to 255/],
    ["username=a%00", /^username: must not hold control/],
    ["prize_id='", /^prize_id: must be the id of a prize/],
    ["cursor=xyz", /^cursor: must be the next_cursor/],
    ["username=ann&cursor=QSAx", /^cursor: must be the next_cursor/],
    [
      "username=ann&cursor=MjAyNi05OS05OSAxMTExMTExMS0xMTExLTQxMTEtODExMS0xMTExMTExMTExMTE",
      /^cursor: must be the next_cursor/,
    ],
    [
      "username=ann&cursor=MjAyNi0xMS0xMSAtLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0",
      /^cursor: must be the next_cursor/,
    ],
    ["offset=5", /^offset: is not a field/],
  ] as const) {
    t.match(await call("GET", `/results?${query}`), { status: 400, error });
  }
  t.match(await call("GET", "/figures?day=1"), { status: 400 });
  t.match(await call("GET", "/results.csv?day=1"), { status: 400 });
});

t.test("figures of real draws and redemptions", async (t) => {
  const { world, server, call } = await atNoon(t);
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) => server.draw(`user ${n}`)),
  );
  await Promise.all(
    Array.from({ length: 60 }, (_, n) => server.draw(`user ${n}`, "again")),
  );
  const won = answers.flatMap(({ body }) => body.data?.result ?? []);
  t.equal(won.length, 25, "ten of A, whose day is over then, and 15 of B");
  for (const { id, user_id } of won.slice(0, 3)) {
    const answer = await post(`${server.url}/redeem`, {
      id,
      username: user_id,
    });
    t.equal(answer.status, 200);
  }
  const figures = { draws: 60, wins: won.length, redemptions: 3, forfeited: 0 };
  const { data } = await call("GET", "/figures");
  t.match(data, { date: TODAY, today: figures, ever: figures });
  const [a, b] = data.prizes;
  t.equal(a.taken_today + b.taken_today, won.length);
  t.equal(a.left_today, 10 - a.taken_today);
  t.equal(a.left_total, 100 - a.taken_total);
  t.equal(b.left_total, null);

  await world.redis.flushdb();
  await server.prizes.reload();
  const after = await call("GET", "/figures");
  t.match(after.data, {
    today: { draws: null, wins: won.length, redemptions: 3 },
    ever: { draws: null, wins: won.length },
  });
  await server.draw("late");
  const again = (await call("GET", "/figures")).data.ever;
  t.equal(again.draws, again.wins, "counted anew, but no fewer than wins");
});

t.test("figures of days gone by, with claims that expired", async (t) => {
  const { world, call } = await atNoon(t, { CLAIM_DAYS: 2 });
  await insert(world, ROWS);
  const none = { draws: null, wins: 0, redemptions: 0, forfeited: 0 };
  const ever = { draws: null, wins: 9, redemptions: 4, forfeited: 1 };
  const of = async (day: string) => {
    const { data } = await call("GET", `/figures?day=${day}`);
    t.same(data.ever, ever);
    return data.today;
  };
  t.same(await of("2096-11-21"), none);
  t.same(await of("2096-11-22"), {
    draws: null,
    wins: 2,
    redemptions: 1,
    forfeited: 1,
  });
  t.same(await of("2096-11-23"), { ...none, wins: 1 });
  t.same(await of(TODAY), { ...none, wins: 5, redemptions: 2 });

  const { sql } = world;
  const redemptions = async () =>
    (await call("GET", `/figures?day=${TODAY}`)).data.today.redemptions;
  await sql`update result set redeemed_at = null where user_id = 'A4'`;
  t.equal(await redemptions(), 1, "taken back by plain SQL");
  await sql`update result set redeemed_at = now(), phone_no = ${PHONE}`;
  t.equal(await redemptions(), 5);
  await sql`update result set redeemed_at = now()`;
  t.equal(await redemptions(), 5, "once each");
  await sql`delete from result where user_id = 'A4'`;
  t.equal(await redemptions(), 4);
  await sql`truncate result`;
  t.equal(await redemptions(), 0);
});

t.test("draws are counted once, whatever becomes of them", async (t) => {
  const { world, server, call } = await atNoon(t);
  const draws = async () => (await call("GET", "/figures")).data.today.draws;
  await setPrizes(world, [{ id: "C", total_quota: 2 }], server);
  await server.draw("ann", "k");
  await Promise.all([1, 2, 3].map(() => server.draw("ann", "k")));
  t.equal(await draws(), 1, "a repeat is no draw");
  // Postgres refuses the next win: its unit is taken. It is decided again, and is one draw all the same.
  await insert(world, [win("C", TODAY, 2, 2, { user_id: "bob" })]);
  const answer = await server.draw("cyd");
  t.match(answer.body.data?.message, /^Unlucky/);
  t.equal(await draws(), 2);
  await Promise.all([4, 5, 6].map((n) => server.draw(`user ${n}`)));
  t.equal(await draws(), 5, "draws without a prize count");
  const ttl = await world.redis.ttl(`{lucky-draw}:taken:${TODAY}`);
  t.ok(ttl > 0, "the day's counters expire");
});
