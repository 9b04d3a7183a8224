import t from "tap";
import { createClock } from "../../src/clock.js";
import { createClaimUntil, openSince } from "../../src/results/claim.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { post, told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

async function start(
  t: Parameters<typeof startServer>[0],
  moment: string,
  timeZone = "Asia/Hong_Kong",
  settings: object = { CLAIM_DAYS: 2 },
) {
  const world = await createWorld(t);
  const time = fakeTime(moment);
  const options = { timeZone, settings, ...time.options() };
  const server = await startServer(t, world, options);
  await setPrizes(world, [{ id: "SURE" }], server);
  const win = async (username: string, key?: string) => {
    const { body } = await server.draw(username, key);
    const result = body.data?.result as Claim | undefined;
    if (!result) throw new Error(`no win: ${JSON.stringify(body)}`);
    return result;
  };
  const redeem = (id: string, username: string, phone_no = "99999999") =>
    post(`${server.url}/redeem`, { id, username, phone_no });
  return { world, time, options, ...server, win, redeem };
}

type Claim = { id: string; claim_until?: string };

/** zone; moment of the draw; days; first moment at which it is over; the same as it is told */
const DEADLINES: [string, string, number, string, string][] = [
  [
    "Asia/Hong_Kong",
    "2099-11-22T15:59:59.999Z",
    2,
    "2099-11-24T16:00:00.000Z",
    "2099-11-25T00:00:00+08:00",
  ],
  [
    "Asia/Hong_Kong",
    "2099-11-22T16:00:00.000Z",
    2,
    "2099-11-25T16:00:00.000Z",
    "2099-11-26T00:00:00+08:00",
  ],
  // An hour is left out on the last day, and comes twice on the last day.
  [
    "America/New_York",
    "2099-03-07T12:00:00.000Z",
    1,
    "2099-03-09T04:00:00.000Z",
    "2099-03-09T00:00:00-04:00",
  ],
  [
    "America/New_York",
    "2099-10-31T12:00:00.000Z",
    1,
    "2099-11-02T05:00:00.000Z",
    "2099-11-02T00:00:00-05:00",
  ],
];

for (const [zone, drawn, days, over, until] of DEADLINES) {
  t.test(`drawn ${drawn} in ${zone}, ${days} days`, async (t) => {
    const settings = { CLAIM_DAYS: days };
    const { world, time, win, redeem } = await start(t, drawn, zone, settings);
    const [early, late] = [await win("ann"), await win("bob")];
    t.equal(early.claim_until, until);
    const end = Date.parse(over);
    t.equal(Date.parse(until), end, "what is told is when it ends");

    time.set(new Date(end - 1).toISOString());
    t.equal(
      (await redeem(early.id, "ann")).status,
      200,
      "a millisecond before",
    );
    time.set(over);
    const refused = await redeem(late.id, "bob");
    t.equal(refused.status, 410);
    t.match(refused.body, { success: false, code: "CLAIM_EXPIRED" });
    const [row] = await world.sql`
      select phone_no, redeemed_at from result where id = ${late.id}`;
    t.same(row, { phone_no: null, redeemed_at: null });
  });
}

t.test("what was redeemed in time stays redeemed", async (t) => {
  const { time, win, redeem } = await start(t, "2099-11-22T12:00:00Z");
  const { id } = await win("ann");
  const first = await redeem(id, "ann");
  t.equal(first.status, 200);
  time.set("2099-12-24T12:00:00Z");
  t.same((await redeem(id, "ann")).body, first.body, "the same number");
  t.equal((await redeem(id, "ann", "61234567")).status, 409, "another one");
  t.equal((await redeem(id, "eve")).status, 404, "somebody else");
  t.equal((await redeem(crypto.randomUUID(), "ann")).status, 404);
});

t.test("an expired win of somebody else is not told apart", async (t) => {
  const { time, win, redeem } = await start(t, "2099-11-22T12:00:00Z");
  const { id } = await win("ann");
  time.set("2099-12-24T12:00:00Z");
  t.equal((await redeem(id, "ann")).status, 410);
  const others = await redeem(id, "eve");
  const unknown = await redeem(crypto.randomUUID(), "eve");
  t.equal(others.status, 404);
  t.same(others.body, unknown.body);
});

t.test("a win that is told later has the deadline of its day", async (t) => {
  const { time, win, draw } = await start(t, "2099-11-22T12:00:00Z");
  const first = await win("ann", "key-1");
  t.equal(first.claim_until, "2099-11-25T00:00:00+08:00");
  time.set("2099-11-23T12:00:00Z");
  t.equal((await win("bob")).claim_until, "2099-11-26T00:00:00+08:00");
  const again = await draw("ann", "key-1");
  t.same(again.body.data?.result, first, "by its key, on the next day");
});

t.test("without CLAIM_DAYS a win has no end", async (t) => {
  const zone = "Asia/Hong_Kong";
  const { time, win, redeem } = await start(
    t,
    "2099-11-22T12:00:00Z",
    zone,
    {},
  );
  const result = await win("ann");
  t.notOk("claim_until" in result);
  time.set("2109-11-22T12:00:00Z");
  t.equal((await redeem(result.id, "ann")).status, 200);
});

t.test("redeemed at the deadline: before it or not at all", async (t) => {
  const begin = "2099-11-22T12:00:00Z";
  const { world, time, options, url, win } = await start(t, begin);
  const late = await startServer(t, world, {
    ...options,
    // The other server's requests come in a millisecond before.
    localTime: () => Date.parse("2099-11-24T16:00:00Z"),
    sharedTime: async () => Date.parse("2099-11-24T16:00:00Z"),
  });
  const wins: Claim[] = [];
  for (let n = 0; n < 40; n += 1) wins.push(await win(`user${n}`));
  const first = { id: wins[0]?.id, username: "user0" };
  t.equal((await post(`${late.url}/redeem`, first)).status, 410);
  time.set("2099-11-24T15:59:59.999Z");
  const statuses = new Map<string, number[]>();
  await inParallel([...wins.entries()], 5, async ([n, { id }]) => {
    const fields = { id, username: `user${n}`, phone_no: "99999999" };
    const tries = [late.url, url, late.url].map((server) =>
      until("an answer", async () => {
        const answer = await post(`${server}/redeem`, fields);
        // A busy machine's: nothing is known, so the caller asks again.
        if (answer.status === 503) throw new Error("503");
        return answer;
      }),
    );
    const answers = await Promise.all(tries);
    statuses.set(
      id,
      answers.map(({ status }) => status),
    );
  });
  const told = [...statuses.values()];
  t.ok(told.every(([, intime]) => intime === 200));
  const others = told.flat().filter((status) => ![200, 410].includes(status));
  t.same(others, [], "the others too, or too late");
  const [row] = await world.sql`
    select count(*)::int from result where redeemed_at = '2099-11-24T15:59:59.999Z'`;
  t.equal(row?.count, 40, "none was redeemed at or after it");
});

t.test("a forfeited unit is not drawn again", async (t) => {
  const zone = "Asia/Hong_Kong";
  const settings = { CLAIM_DAYS: 1 };
  const begin = "2099-11-22T12:00:00Z";
  const { world, time, prizes, draw, win, redeem } = await start(
    t,
    begin,
    zone,
    settings,
  );
  await setPrizes(world, [{ id: "LAST", total_quota: 1 }], { prizes });
  const { id } = await win("ann");
  time.set("2099-11-24T12:00:00Z");
  t.equal((await redeem(id, "ann")).status, 410);
  await prizes.reload();
  t.equal(told((await draw("bob")).body), "no_prize");
  t.equal((await world.sql`select from result`).count, 1);
});

t.test("the end of a claim and what is still open agree", async (t) => {
  for (const zone of [
    "America/New_York",
    "America/Santiago",
    "Asia/Hong_Kong",
  ]) {
    let now = Date.parse("2099-01-01T12:00:00Z");
    const clock = createClock(
      zone,
      async () => now,
      () => now,
    );
    const claimUntil = createClaimUntil();
    const wrong: string[] = [];
    for (let day = 0; day < 366; day += 1) {
      const { date } = clock.today();
      const end = Date.parse(claimUntil(clock, date, 3) ?? "");
      const noon = now;
      now = end - 1;
      if ((openSince(clock, 3) ?? "") > date) wrong.push(`${date} is over`);
      now = end;
      if ((openSince(clock, 3) ?? "") <= date) wrong.push(`${date} is open`);
      now = noon + 86_400_000;
    }
    t.same(wrong, [], zone);
  }
});
