import t from "tap";
import { forecast } from "../../src/admin/figures/forecast.js";
import { ADMIN, ADMIN_TOKEN } from "../support/admin-calls.js";
import { fakeTime } from "../support/fake-time.js";
import { setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// A simulation and a forecast follow the campaign's rules.

type End = {
  draws: number;
  no_prize: number;
  prizes: { id: string; wins: number }[];
  points: { draws: number; wins: Record<string, number> }[];
};

t.test("a simulated day: release, moments, limits", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T12:00:00Z");
  const server = await startServer(t, world, { ...ADMIN, ...time.options() });
  const simulate = async (campaign: string, draws: number): Promise<End> => {
    const answer = await fetch(
      `${server.url}/admin/simulation?campaign=${campaign}`,
      {
        method: "POST",
        headers: {
          authorization: `Bearer ${ADMIN_TOKEN}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ draws }),
      },
    );
    const lines = (await answer.text()).trim().split("\n");
    return JSON.parse(lines.at(-1) ?? "").data;
  };
  const winsOf = ({ prizes }: End) =>
    Object.fromEntries(prizes.map(({ id, wins }) => [id, wins]));

  await setCampaign(
    world,
    { id: "drip", ends_at: "2099-11-22T13:00:00Z" },
    [
      { id: "CAR", probability: 0 },
      {
        id: "CUP",
        daily_quota: 100,
        release_from: "00:00",
        release_to: "24:00",
      },
    ],
    server,
  );
  await world.sql`
    insert into moment (campaign_id, prize_id, at)
    select 'drip', 'CAR', '2099-11-22'::date + n * interval '4 hours' from generate_series(0, 11) n`;
  await server.campaigns.check();
  const drip = await simulate("drip", 2_000);
  t.match(winsOf(drip), { CAR: 6 });
  const cups = winsOf(drip).CUP ?? 0;
  t.ok(cups >= 95 && cups <= 100, `${cups} of 100 units over the day`);
  const middle = drip.points.find(({ draws }) => draws >= 1_000);
  t.ok(Math.abs((middle?.wins.CUP ?? 0) - 50) < 12, "half of them by noon");

  await setCampaign(
    world,
    { id: "limit", draws_per_day: 4, wins_per_user: 1 },
    [{ id: "CUP" }],
    server,
  );
  const limit = await simulate("limit", 400);
  t.match(winsOf(limit), { CUP: 100 }, "a hundred users, one win each");
  t.equal(limit.no_prize, 300);
  const rows = await world.sql`select 1 from result`;
  t.equal(rows.length, 0, "nothing is saved");
  const left = await world.redis.keys("*simulation*");
  t.same(left, []);
});

t.test("a forecast knows release, moments and the end", async (t) => {
  const hour = 3_600_000;
  const prize = {
    ...{ probability: 0.1, daily_quota: 100, total_quota: null, active: true },
    ...{ fallback: false, taken_today: 0, taken_total: 0 },
  };
  const traffic = {
    ...{ draws: 10_000, chanceOfNoPrize: 0.9, now: 10 * hour },
    ...{ beginsAt: 0, endsAt: 24 * hour, timeZone: "UTC" },
  };
  const outAt = (more: object, other = {}) =>
    forecast({ ...prize, ...more }, { ...traffic, ...other }).daily_out_at;
  t.equal(outAt({}), "1970-01-01T11:00:00.000Z", "a hundred wins an hour");
  t.equal(
    outAt({ releasedAt: 21 * hour }),
    "1970-01-01T21:00:00.000Z",
    "not before its last unit is released",
  );
  t.equal(
    outAt({ moments: 50 }),
    "1970-01-01T10:30:00.000Z",
    "moments take their part",
  );
  const over = forecast(prize, { ...traffic, campaignEndsAt: 10.5 * hour });
  t.match(over, { daily_out_at: null, left_over_today: 50 });
  t.match(forecast(prize, { ...traffic, campaignEndsAt: 9 * hour }), {
    daily_out_at: null,
    warning: null,
  });
});
