import t, { type Test } from "tap";
import { ADMIN, ANY, adminOf } from "../support/admin-calls.js";
import { runCommand } from "../support/run-command.js";
import { setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// From its start on, nobody takes anything back from a frozen campaign.

const PRIZES = [
  { id: "CUP", probability: 0.1, daily_quota: 10, total_quota: 100 },
  { id: "ALL", probability: 0.1 },
  { id: "PEN", probability: 0, fallback: true },
  {
    id: "DAY",
    probability: 0.1,
    daily_quota: 9,
    release_from: "09:00",
    release_to: "21:00",
  },
];

async function setUp(t: Test, more: object = {}) {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  await setCampaign(
    world,
    {
      id: "ice",
      starts_at: "2026-01-01T00:00:00Z",
      ends_at: "2099-01-01T00:00:00Z",
      wins_per_user: 3,
      ...more,
    },
    PRIZES,
  );
  await world.sql`insert into moment (campaign_id, prize_id, at) values ('ice', 'CUP', '2098-01-01')`;
  await world.sql`update campaign set frozen = true where id = 'ice'`;
  await server.campaigns.check();
  return { world, server };
}

const REFUSED = [
  "update prize set probability = 0.09 where campaign_id = 'ice' and id = 'CUP'",
  "update prize set daily_quota = 9 where campaign_id = 'ice' and id = 'CUP'",
  "update prize set total_quota = 99 where campaign_id = 'ice' and id = 'CUP'",
  "update prize set daily_quota = 1000000 where campaign_id = 'ice' and id = 'ALL'",
  "update prize set active = false where campaign_id = 'ice' and id = 'ALL'",
  "update prize set fallback = false where campaign_id = 'ice' and id = 'PEN'",
  "update prize set release_to = '22:00' where campaign_id = 'ice' and id = 'DAY'",
  "update prize set id = 'MUG' where campaign_id = 'ice' and id = 'CUP'",
  "update prize set campaign_id = 'default' where campaign_id = 'ice' and id = 'CUP'",
  "delete from prize where campaign_id = 'ice' and id = 'CUP'",
  "truncate prize",
  "update campaign set time_zone = 'Asia/Tokyo' where id = 'ice'",
  "update campaign set starts_at = starts_at - interval '1 day' where id = 'ice'",
  "update campaign set starts_at = null where id = 'ice'",
  "update campaign set ends_at = ends_at - interval '1 ms' where id = 'ice'",
  "update campaign set draws_per_day = 2 where id = 'ice'",
  "update campaign set wins_per_user = null where id = 'ice'",
  "update campaign set claim_days = 1 where id = 'ice'",
  "update campaign set frozen = false where id = 'ice'",
  "update campaign set active = false where id = 'ice'",
  "update campaign set id = 'snow' where id = 'ice'",
  "delete from campaign where id = 'ice'",
  "truncate campaign cascade",
  "update moment set at = at - interval '1 day'",
  "delete from moment",
  "truncate moment",
];

const ALLOWED = [
  "update prize set probability = 0.2 where campaign_id = 'ice' and id = 'CUP'",
  "update prize set daily_quota = 11, total_quota = null where campaign_id = 'ice' and id = 'CUP'",
  "update prize set title = 'a bigger cup' where campaign_id = 'ice' and id = 'CUP'",
  "update prize set release_from = null, release_to = null where campaign_id = 'ice' and id = 'DAY'",
  "insert into prize (campaign_id, id, title, probability) values ('ice', 'NEW', 'new', 0.01)",
  "update campaign set ends_at = ends_at + interval '1 day' where id = 'ice'",
  "update campaign set ends_at = null where id = 'ice'",
  "update campaign set title = 'Ice' where id = 'ice'",
  "insert into moment (campaign_id, prize_id, at) values ('ice', 'CUP', '2098-01-02')",
];

t.test("plain SQL is refused with a sentence", async (t) => {
  const { world } = await setUp(t);
  for (const statement of REFUSED) {
    await t.rejects(
      world.sql.unsafe(statement),
      {
        code: "22L07",
        message: /^frozen: campaign ice has begun and is frozen; .+\.$/,
      },
      statement,
    );
  }
  for (const statement of ALLOWED) {
    await t.resolves(world.sql.unsafe(statement), statement);
  }
});

t.test(
  "before its start, and in another campaign, all of it is allowed",
  async (t) => {
    const { world } = await setUp(t, { starts_at: "2098-06-01T00:00:00Z" });
    for (const statement of REFUSED.filter((it) => !/truncate/.test(it))) {
      const undone = world.sql.begin(async (sql) => {
        await sql.unsafe(statement);
        throw new Error("undone");
      });
      // Moments keep their prize, frozen or not.
      const isKept =
        /id = 'MUG'|'default' where|delete from (prize|campaign)|set id/.test(
          statement,
        );
      if (!isKept) await t.rejects(undone, { message: "undone" }, statement);
      else await t.rejects(undone, statement);
    }
    await world.sql`update campaign set starts_at = null, frozen = true where id = 'ice'`;
    await t.rejects(
      world.sql`update campaign set draws_per_day = 2 where id = 'ice'`,
      { code: "22L07" },
      "one without a start has begun",
    );
  },
);

t.test("the API refuses it with 409, and a preview, too", async (t) => {
  const { server } = await setUp(t);
  const call = adminOf(server.url);
  const frozen = { status: 409, code: "CAMPAIGN_FROZEN" };
  for (const [method, path, body] of [
    ["PATCH", "/prizes/CUP?campaign=ice", { probability: 0.01 }],
    ["PATCH", "/prizes/CUP?campaign=ice&preview=yes", { daily_quota: 1 }],
    ["DELETE", "/prizes/CUP?campaign=ice", undefined],
    [
      "PUT",
      "/prizes?campaign=ice",
      { prizes: [{ id: "ONE", title: "one", probability: 0.1 }] },
    ],
    ["PATCH", "/campaigns/ice", { ends_at: "2098-01-01T00:00:00Z" }],
    ["PATCH", "/campaigns/ice?preview=yes", { wins_per_user: 1 }],
    ["DELETE", "/campaigns/ice", undefined],
    ["DELETE", "/campaigns/ice/moments?prize_id=CUP", undefined],
  ] as const) {
    const answer = await call(method, path, body, ANY);
    t.match(answer, frozen, `${method} ${path}`);
  }
  const later = await call(
    "PATCH",
    "/campaigns/ice",
    { ends_at: "2099-06-01T00:00:00Z" },
    ANY,
  );
  t.equal(later.status, 200);
});

t.test("commands refuse it with a sentence", async (t) => {
  const { world } = await setUp(t);
  const env = { DATABASE_URL: world.databaseUrl };
  for (const args of [
    ["prizes", "set", "CUP", "--campaign", "ice", "--probability", "0.05"],
    ["campaigns", "set", "ice", "--draws-per-day", "5"],
    ["campaigns", "set", "ice", "--frozen", "false"],
  ]) {
    const [name = "", ...rest] = args;
    const { code, err } = await runCommand(name, env, { args: rest });
    t.equal(code, 1, args.join(" "));
    t.match(err, /frozen: campaign ice has begun and is frozen/);
  }
});
