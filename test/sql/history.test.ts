import t from "tap";
import { ADMIN, ANY, adminOf } from "../support/admin-calls.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// Every change of a prize is kept, whoever makes it and however.

const MUG = { id: "MUG", title: "Mug", probability: 0.25 };
const QUOTAS = { daily_quota: null, total_quota: null };
const RELEASE = { release_from: null, release_to: null };
const ROW = {
  ...{ ...MUG, ...QUOTAS, ...RELEASE },
  active: true,
  fallback: false,
};

t.test("changes by the API, by plain SQL, and none", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  const { sql } = world;
  const [user] = await sql`select session_user as name`;
  const changes = async () =>
    (await call("GET", "/history")).data.changes.map(
      ({ id: _, changed_at: __, ...change }: Record<string, unknown>) => change,
    );
  const began = Date.now();

  await call("POST", "/prizes", MUG);
  await call("PATCH", "/prizes/MUG", { title: "Cup" }, ANY);
  const ann = { ...ANY, "x-changed-by": "Ann" };
  await call("PATCH", "/prizes/MUG", { daily_quota: 3 }, ann);
  await call("PATCH", "/prizes/MUG", { daily_quota: 3 }, ann);
  await call("PUT", "/prizes?preview=yes", { prizes: [MUG] }, ann);
  await sql`update prize set title = 'Cup'`;
  await sql`update prize set active = false`;
  await sql.begin(async (one) => {
    await one`set local lucky_draw.changed_by = 'Bob'`;
    await one`delete from prize`;
  });
  await sql`insert into prize ${sql([ROW, { ...ROW, id: "B" }])}`;
  await sql`truncate prize`;

  const cup = { ...ROW, title: "Cup" };
  const three = { ...cup, daily_quota: 3 };
  const off = { ...three, active: false };
  const other = { ...ROW, id: "B" };
  const of = (
    changed_by: string,
    before: object | null,
    after: object | null,
    prize_id = "MUG",
  ) => ({ changed_by, role: user?.name, prize_id, before, after });
  t.same(await changes(), [
    of(user?.name, other, null, "B"),
    of(user?.name, ROW, null),
    of(user?.name, null, other, "B"),
    of(user?.name, null, ROW),
    of("Bob", off, null),
    of(user?.name, three, off),
    of("admin: Ann", cup, three),
    of("admin", ROW, cup),
    of("admin", null, ROW),
  ]);

  const { data } = await call("GET", "/history?prize_id=B");
  t.equal(data.changes.length, 2);
  t.equal(data.next_cursor, null);
  for (const { changed_at } of data.changes) {
    t.ok(Date.parse(changed_at) >= began - 1_000);
    t.ok(Date.parse(changed_at) <= Date.now() + 1_000);
  }
});

t.test("page by page", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  await call("POST", "/prizes", MUG);
  for (let quota = 1; quota <= 6; quota += 1) {
    await world.sql`update prize set daily_quota = ${quota}`;
  }
  const seen: unknown[] = [];
  let cursor = "";
  let pages = 0;
  do {
    const { data } = await call("GET", `/history?limit=3&cursor=${cursor}`);
    seen.push(
      ...data.changes.map(
        ({ after }: { after: typeof ROW }) => after.daily_quota,
      ),
    );
    cursor = data.next_cursor;
    pages += 1;
  } while (cursor);
  t.same(seen, [6, 5, 4, 3, 2, 1, null]);
  t.equal(pages, 3);
  for (const [query, error] of [
    ["cursor=MQxx", /^cursor: must be the next_cursor/],
    ["cursor=%27", /^cursor: must be the next_cursor/],
    ["limit=0", /^limit: must be a whole number from 1 to 200/],
    ["limit=201", /^limit: must be/],
    ["limit=1e2", /^limit: must be/],
    ["page=2", /^page: is not a field/],
  ] as const) {
    t.match(await call("GET", `/history?${query}`), { status: 400, error });
  }
});

t.test("what is written stays", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const { sql } = world;
  await adminOf(server.url)("POST", "/prizes", MUG);
  const before = await sql`select * from prize_change`;
  t.equal(before.length, 1);
  const refused = { code: "42501", message: /only added to/ };
  await t.rejects(sql`update prize_change set changed_by = 'nobody'`, refused);
  await t.rejects(sql`delete from prize_change`, refused);
  await t.rejects(sql`truncate prize_change`, refused);
  t.same(await sql`select * from prize_change`, before);
});

t.test("an editor without rights on the history is noted, too", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await adminOf(server.url)("POST", "/prizes", MUG);
  const { sql } = world;
  const role = `editor_${Math.random().toString(36).slice(2)}`;
  await sql.unsafe(`create role ${role}`);
  t.teardown(async () => {
    await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  });
  await sql.unsafe(`grant select, update on prize, prize_version to ${role}`);
  await sql.begin(async (one) => {
    await one.unsafe(`set local role ${role}`);
    await one`update prize set title = 'Cup'`;
    await t.rejects(
      one.savepoint(
        (in_) => in_`insert into prize_change (prize_id) values ('X')`,
      ),
      { code: "42501" },
    );
  });
  const [row] = await sql`select * from prize_change order by id desc limit 1`;
  t.match(row, { prize_id: "MUG", after: { title: "Cup" } });
});
