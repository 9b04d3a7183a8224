import t from "tap";
import { createClock } from "../../src/clock.js";
import { releasedOf } from "../../src/prizes/release.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { told } from "../support/post.js";
import { drawUntilToldIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// A daily quota that is released over the day.

type Server = Awaited<ReturnType<typeof startServer>>;

const CUP = {
  id: "CUP",
  daily_quota: 100,
  release_from: "09:00",
  release_to: "21:00",
};

async function listing(server: Server) {
  const answer = await fetch(`${server.url}/prizes?campaign=r`);
  const { data } = (await answer.json()) as {
    data: {
      prizes: {
        left_today: number;
        released_today: number;
        next_release_at: string | null;
      }[];
    };
  };
  return data.prizes[0];
}

t.test("100 units from 09:00 to 21:00, at ten moments", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T00:00:00Z");
  const servers = await Promise.all(
    [1, 2].map(() => startServer(t, world, time.options())),
  );
  await setCampaign(world, { id: "r" }, [CUP], ...servers);
  let users = 0;
  /** How many of so many more are won. */
  async function rush(count: number) {
    let won = 0;
    const asking = Array.from({ length: count }, () => `user ${users++}`);
    await inParallel([...asking.entries()], 100, async ([n, user]) => {
      const server = servers[n % 2] as Server;
      const { body } = await drawUntilToldIn(server, "r", user);
      if (told(body) === "won") won += 1;
    });
    return won;
  }
  let taken = 0;
  // A hundredth of twelve hours is 432 seconds.
  for (const [moment, released] of [
    ["08:59:59.999", 0],
    ["09:14:23.999", 1],
    ["12:00:00.000", 25],
    ["15:00:00.001", 50],
    ["20:52:47.999", 98],
    ["20:59:59.999", 99],
    ["23:59:59.999", 100],
  ] as const) {
    time.set(`2099-11-22T${moment}Z`);
    const listed = await listing(servers[0] as Server);
    t.equal(listed?.released_today, released, moment);
    t.equal(listed?.left_today, 100 - taken);
    taken += await rush(released - taken + 15);
    t.equal(taken, released, `${moment}: not one more, not one less`);
    const next = listed?.next_release_at;
    t.equal(next === null, released === 100);
    if (!next) continue;
    time.set(new Date(Date.parse(next) - 1).toISOString());
    t.equal(await rush(3), 0, `none before ${next}`);
    time.set(next);
    taken += await rush(20);
    t.equal(taken, released + 1, `one at ${next}`);
  }
  for (const { campaigns } of servers) {
    await campaigns.lane("r").settlements.idle();
  }
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, 100);
  time.set("2099-11-23T09:00:00Z");
  t.equal(await rush(5), 0, "the next day begins anew");
});

t.test("a day of daylight saving releases all of it", async (t) => {
  let now = 0;
  for (const [zone, date, from, to] of [
    ["America/New_York", "2099-03-08", "01:00", "05:00"], // skips 02:00 to 03:00
    ["America/New_York", "2099-11-01", "00:30", "03:00"], // has 01:00 to 02:00 twice
    ["America/New_York", "2099-03-08", "02:00", "03:00"], // skips the whole window
    ["America/Santiago", "2099-09-06", "00:00", "24:00"], // has no midnight
    ["Asia/Hong_Kong", "2099-01-01", "00:00", "24:00"],
  ] as const) {
    const clock = createClock(
      zone,
      async () => now,
      () => now,
    );
    const { endsAt, before } = clock.day(date);
    const beginsAt = clock.day(before).endsAt;
    const prize = { daily_quota: 7, release_from: from, release_to: to };
    const seen: number[] = [];
    for (now = beginsAt; now < endsAt; now += 60_000) {
      seen.push(releasedOf(prize, clock)?.released_today ?? -1);
    }
    now = endsAt - 1;
    seen.push(releasedOf(prize, clock)?.released_today ?? -1);
    const falls = seen.filter((n, at) => n < (seen[at - 1] ?? 0));
    t.same(falls, [], `${zone} ${date}: never less`);
    t.equal(seen[0], 0, "none at its begin");
    t.equal(seen.at(-1), to === "24:00" ? 6 : 7, "all of it by its end");
  }
});

t.test("next_release_at is the first moment with one more", async (t) => {
  let now = 0;
  const clock = createClock(
    "UTC",
    async () => now,
    () => now,
  );
  for (const quota of [1, 3, 7, 100, 999_983, 2_147_483_647]) {
    const prize = {
      daily_quota: quota,
      release_from: "09:00",
      release_to: "21:00",
    };
    for (const time of [
      "08:00:00.000",
      "09:00:00.000",
      "13:13:13.131",
      "20:59:59.998",
    ]) {
      now = Date.parse(`2099-11-22T${time}Z`);
      const { released_today = -1, next_release_at } =
        releasedOf(prize, clock) ?? {};
      if (!next_release_at) {
        t.equal(released_today, quota);
        continue;
      }
      now = Date.parse(next_release_at) - 1;
      t.equal(
        releasedOf(prize, clock)?.released_today,
        released_today,
        `${quota} before ${next_release_at}`,
      );
      now += 1;
      const more = releasedOf(prize, clock)?.released_today ?? -1;
      t.ok(more > released_today, `${quota} at ${next_release_at}`);
    }
  }
  t.equal(
    releasedOf({ daily_quota: 5, release_from: null, release_to: null }, clock),
    undefined,
  );
});

t.test("the script and GET /prizes agree, whatever the numbers", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-11-22T00:00:00Z");
  const server = await startServer(t, world, time.options());
  const quotas = [2_147_483_647, 999_983, 17];
  const rows = quotas.map((daily_quota, n) => ({
    ...{ id: `P${n}`, probability: 0.3, daily_quota },
    ...{ release_from: "00:00:00", release_to: "23:59:59" },
  }));
  await setCampaign(world, { id: "r" }, rows, server);
  const lane = server.campaigns.lane("r");
  for (const moment of ["00:00:01.001", "07:07:07.777", "23:59:58.999"]) {
    time.set(`2099-11-22T${moment}Z`);
    const answer = await fetch(`${server.url}/prizes?campaign=r`);
    const { data } = (await answer.json()) as {
      data: { prizes: { id: string; released_today: number }[] };
    };
    for (const { id, released_today } of data.prizes) {
      // The counter just below what is released: one more is there, and then none.
      const { date } = lane.clock.today();
      const counter = lane.keys.takenToday(date);
      if (released_today === 0) continue;
      await world.redis.hset(counter, id, released_today - 1);
      const roll = Number(id.slice(1)) * 300_000_000;
      const lucky = await startServer(t, world, {
        ...time.options(),
        random: { roll: () => roll, id: () => crypto.randomUUID() },
      });
      await world.redis.hset(counter, id, released_today - 1);
      const one = await drawUntilToldIn(lucky, "r", `${id} ${moment} one`);
      t.equal(one.body.data?.result?.prize_id, id, `${id} at ${moment}`);
      const two = await drawUntilToldIn(lucky, "r", `${id} ${moment} two`);
      t.equal(told(two.body), "no_prize", `${id} at ${moment}, sold out`);
      await lucky.close();
    }
  }
});
