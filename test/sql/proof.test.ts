import t from "tap";
import { ADMIN_TOKEN, ANY, adminOf } from "../support/admin-calls.js";
import { setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// What a day was sealed with stays.

const PROOF_KEY = "0a".repeat(32);

async function setUp(t: Parameters<typeof createWorld>[0]) {
  const world = await createWorld(t);
  const settings = { ADMIN_TOKEN, PROOF_KEY };
  const server = await startServer(t, world, { settings });
  await setCampaign(
    world,
    { id: "open", verifiable: true, shards: 2, active: false },
    [],
    server,
  );
  const seal = (ends_at: Date, draw_date: string, shards = 2) => world.sql`
    insert into proof_day (campaign_id, draw_date, seal, ends_at, shards, key_text)
    values ('open', ${draw_date}, '{}', ${ends_at}, ${shards}, 'key')`;
  const call = adminOf(server.url);
  const set = (body: object) => call("PATCH", "/campaigns/open", body, ANY);
  return { world, server, seal, set };
}

const FUTURE = new Date("2099-12-02T00:00:00Z");

t.test("shards and zone stay until the last sealed day is over", async (t) => {
  const { world, seal, set } = await setUp(t);
  await seal(new Date("2020-01-02T00:00:00Z"), "2020-01-01");
  t.match(await set({ active: false, time_zone: "Asia/Tokyo" }), {
    status: 200,
  });
  await seal(FUTURE, "2099-12-01");
  for (const [field, value] of Object.entries({
    time_zone: "Asia/Seoul",
    shards: 3,
  })) {
    t.match(await set({ [field]: value }), {
      status: 400,
      code: "INVALID_REQUEST",
      error: `${field}: that of open is sealed until 2099-12-02T00:00:00Z; make it not verifiable, and change it then.`,
    });
  }
  t.match(
    await set({ time_zone: "Asia/Tokyo", verifiable: false, title: "x" }),
    {
      status: 200,
    },
  );
  await t.rejects(world.sql`delete from campaign where id = 'open'`, {
    code: "22L13",
  });
  await t.rejects(world.sql`update campaign set id = 'x' where id = 'open'`, {
    code: "22L13",
  });
});

t.test("what is published never changes", async (t) => {
  const { world, seal } = await setUp(t);
  const { sql } = world;
  await seal(FUTURE, "2099-12-01");
  for (const set of [
    sql`seal = 'x'`,
    sql`key_text = 'x'`,
    sql`shards = 3`,
    sql`ends_at = now()`,
    sql`draw_date = '2099-12-03'`,
  ]) {
    await t.rejects(sql`update proof_day set ${set}`, { code: "22L13" });
  }
  for (const set of [
    sql`beacon_signature = 'aa'`,
    sql`close = 'closed'`,
    sql`close = 'closed', beacon_signature = 'aa'`,
  ]) {
    await sql`update proof_day set ${set}`;
  }
  for (const set of [
    sql`close = 'other'`,
    sql`close = null`,
    sql`beacon_signature = 'bb'`,
    sql`beacon_signature = ''`,
  ]) {
    await t.rejects(sql`update proof_day set ${set}`, { code: "22L13" });
  }
});

t.test("servers hear of a seal as of an edit", async (t) => {
  const { world, seal } = await setUp(t);
  const version = async () => {
    const [row] = await world.sql`
      select version::text from campaign_version where campaign_id = 'open'`;
    return row?.version;
  };
  const before = await version();
  await seal(FUTURE, "2099-12-01");
  t.ok(BigInt(await version()) > BigInt(before));
});

t.test("a seal and a change of the shards don't pass each other", async (t) => {
  const { world, seal } = await setUp(t);
  await t.rejects(seal(FUTURE, "2099-12-01", 1), { code: "22L13" });
  await world.sql`update campaign set active = false where id = 'open'`;
  let sealing: Promise<unknown> | undefined;
  await world.sql.begin(async (sql) => {
    await sql`update campaign set shards = 3 where id = 'open'`;
    sealing = t.rejects(seal(FUTURE, "2099-12-01"), { code: "22L13" });
    await new Promise((resolve) => setTimeout(resolve, 200));
  });
  await sealing;
  t.equal((await world.sql`select from proof_day`).length, 0);
});

t.test("a frozen campaign stays as checkable as it was", async (t) => {
  const { set } = await setUp(t);
  t.match(await set({ frozen: true }), { status: 200 });
  for (const edit of [{ verifiable: false }, { proof_names: "open" }]) {
    t.match(await set(edit), { status: 409, code: "CAMPAIGN_FROZEN" });
  }
});

t.test("without a key nobody switches it on", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, { settings: { ADMIN_TOKEN } });
  const call = adminOf(server.url);
  const edit = { verifiable: true };
  t.match(await call("PATCH", "/campaigns/default", edit, ANY), {
    status: 400,
    error: "verifiable: needs the setting PROOF_KEY at all servers.",
  });
  const made = { id: "x", title: "X", proof_names: "hidden" };
  t.match(await call("POST", "/campaigns", made, ANY), {
    status: 400,
    error: "proof_names: must be sealed or open.",
  });
});

t.test("histories of before it are read", async (t) => {
  const { world, server } = await setUp(t);
  await world.sql`
    insert into prize_change (campaign_id, before, after)
    select 'open', to_jsonb(c) - '{shards,verifiable,proof_names}'::text[], to_jsonb(c) from campaign c where id = 'open'`;
  const history = await adminOf(server.url)("GET", "/history?campaign=open");
  t.equal(history.status, 200);
});
