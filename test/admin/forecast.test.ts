import fc from "fast-check";
import t from "tap";
import { forecast } from "../../src/admin/figures/forecast.js";

const HOUR = 3_600_000;
const BEGIN = Date.parse("2099-11-25T00:00:00+08:00");
const END = BEGIN + 24 * HOUR;
const at = (time: string) => Date.parse(`2099-11-25T${time}:00+08:00`);

const prize = {
  probability: 0.1,
  daily_quota: null as number | null,
  total_quota: null as number | null,
  active: true,
  fallback: false,
  taken_today: 0,
  taken_total: 0,
};

const day = {
  draws: 1_000 as number | null,
  chanceOfNoPrize: 0.5,
  now: at("08:00"),
  beginsAt: BEGIN,
  endsAt: END,
  timeZone: "Asia/Hong_Kong",
};

const NOTHING = {
  daily_out_at: null,
  total_out_at: null,
  left_over_today: null,
  warning: null,
};

t.test("examples", async (t) => {
  // The fallback has half of all draws beside its own tenth: 75 an hour of 125.
  t.match(
    forecast({ ...prize, fallback: true, total_quota: 600 }, day),
    { total_out_at: new Date(at("16:00")).toISOString() },
    "a fallback",
  );
  // 4,000 draws in 8 hours are 500 an hour: 50 wins.
  const busy = { ...day, draws: 4_000 };
  const iso = (time: string) => new Date(at(time)).toISOString();
  t.same(
    forecast({ ...prize, daily_quota: 525, taken_today: 392 }, busy),
    {
      daily_out_at: "2099-11-25T02:39:36.000Z",
      total_out_at: null,
      left_over_today: 0,
      warning: "Sold out by 10:39 at today's pace.",
    },
    "the daily quota, in the campaign's time",
  );
  t.same(
    forecast({ ...prize, daily_quota: 5_400, taken_today: 400 }, busy),
    {
      ...NOTHING,
      left_over_today: 4_200,
      warning: "4,200 units will be left over tonight.",
    },
    "more than anybody will win",
  );
  t.same(
    forecast({ ...prize, daily_quota: 1_400, taken_today: 400 }, busy),
    { ...NOTHING, left_over_today: 200 },
    "a little left over is no mistake",
  );
  t.same(
    forecast(
      { ...prize, daily_quota: 900, total_quota: 900, taken_total: 800 },
      busy,
    ),
    {
      daily_out_at: null,
      total_out_at: iso("10:00"),
      left_over_today: 0,
      warning: "Sold out for good by 10:00 at today's pace.",
    },
    "the total quota comes before the daily one",
  );
  t.same(
    forecast(
      { ...prize, daily_quota: 200, total_quota: 1_000, taken_today: 100 },
      busy,
    ),
    {
      daily_out_at: iso("10:00"),
      // 100 today, then 200 a day; 100 are left for the fifth day: two hours.
      total_out_at: "2099-11-29T18:00:00.000Z",
      left_over_today: 0,
      warning: "Sold out by 10:00 at today's pace.",
    },
    "later days give no more than their quota",
  );
  t.same(forecast(prize, busy), NOTHING, "unlimited");
});

t.test("facts need no pace", async (t) => {
  const quiet = { ...day, draws: null };
  const gone = { ...prize, daily_quota: 5, taken_today: 5, taken_total: 5 };
  const forGood = { ...gone, total_quota: 5 };
  t.same(forecast(gone, quiet), { ...NOTHING, warning: "Sold out for today." });
  t.same(forecast(forGood, day), { ...NOTHING, warning: "Sold out for good." });
  t.match(forecast(gone, day), {
    daily_out_at: null,
    left_over_today: 0,
    warning: "Sold out for today.",
  });
  t.same(forecast({ ...forGood, active: false }, day), NOTHING);
});

t.test("too little of a day says nothing", async (t) => {
  const open = { ...prize, daily_quota: 1_000 };
  for (const traffic of [
    { ...day, draws: 19 },
    { ...day, draws: null },
    { ...day, now: at("00:04") },
  ]) {
    t.same(forecast(open, traffic), NOTHING);
  }
  t.not(forecast(open, { ...day, draws: 20 }).left_over_today, null);
  t.not(forecast(open, { ...day, now: at("00:05") }).left_over_today, null);
});

t.test("odds of nought win nothing", async (t) => {
  const never = { ...prize, probability: 0, daily_quota: 1, total_quota: 9 };
  t.same(forecast(never, day), {
    ...NOTHING,
    left_over_today: 1,
    warning: "1 unit will be left over tonight.",
  });
});

t.test("a day of 25 hours", async (t) => {
  const beginsAt = Date.parse("2099-10-25T00:00:00+02:00");
  const endsAt = Date.parse("2099-10-26T00:00:00+01:00");
  const timeZone = "Europe/Berlin";
  const now = beginsAt + 5 * HOUR; // 04:00 by the clock on the wall
  const traffic = {
    draws: 500,
    chanceOfNoPrize: 0,
    now,
    beginsAt,
    endsAt,
    timeZone,
  };
  const open = { ...prize, daily_quota: 100 };
  // 10 wins an hour: none are counted as taken yet.
  t.match(forecast(open, traffic), {
    daily_out_at: "2099-10-25T13:00:00.000Z",
    warning: "Sold out by 14:00 at today's pace.",
  });
});

const quota = fc.option(fc.integer({ min: 0, max: 5_000 }));
const anyPrize = fc.record({
  probability: fc.integer({ min: 0, max: 1_000 }).map((n) => n / 1_000),
  daily_quota: quota,
  total_quota: quota,
  active: fc.constant(true),
  fallback: fc.constant(false),
  taken_today: fc.integer({ min: 0, max: 300 }),
  taken_total: fc.integer({ min: 0, max: 3_000 }),
});
const anyDay = fc.record({
  draws: fc.integer({ min: 20, max: 50_000 }),
  chanceOfNoPrize: fc.constant(0.5),
  now: fc.integer({ min: BEGIN + 5 * 60_000, max: END - 1 }),
  beginsAt: fc.constant(BEGIN),
  endsAt: fc.constant(END),
  timeZone: fc.constant("Asia/Hong_Kong"),
});
const left = (quota: number | null, taken: number) =>
  quota === null ? Infinity : Math.max(0, quota - taken);
const ms = (moment: string | null) =>
  moment === null ? Infinity : Date.parse(moment);

t.test("whatever the figures", async (t) => {
  fc.assert(
    fc.property(anyPrize, anyDay, (prize, day) => {
      const it = forecast(prize, day);
      const [daily, total] = [ms(it.daily_out_at), ms(it.total_out_at)];
      if (daily < Infinity && (daily < day.now || daily > END)) return false;
      if (total < day.now - 1) return false;
      const leftToday = left(prize.daily_quota, prize.taken_today);
      const { left_over_today: over } = it;
      if (over !== null && (over < 0 || over > leftToday)) return false;
      // What runs out today leaves nothing over.
      if (Math.min(daily, total) < END - 1 && over) return false;
      // More draws bring the end nearer.
      const busier = forecast(prize, { ...day, draws: day.draws * 2 });
      return (
        ms(busier.daily_out_at) <= daily && ms(busier.total_out_at) <= total + 1
      );
    }),
    { seed: 20261125, numRuns: 5_000 },
  );
  t.pass("is in order");
});

type Prize = typeof prize;
type Day = typeof day;

/** When the total quota runs out, found by walking through the days. */
function walk(prize: Prize, day: Day & { draws: number }) {
  const pace = (day.draws / (day.now - BEGIN)) * prize.probability;
  let rest = left(prize.total_quota, prize.taken_total);
  let room = left(prize.daily_quota, prize.taken_today);
  let [from, to] = [day.now, END];
  for (let n = 0; n < 400; n += 1) {
    const wins = Math.min(room, pace * (to - from));
    if (rest <= wins) return from + rest / pace;
    rest -= wins;
    room = prize.daily_quota ?? Infinity;
    [from, to] = [to, to + 24 * HOUR];
  }
  return undefined;
}

t.test("the total quota, day by day", async (t) => {
  let compared = 0;
  fc.assert(
    fc.property(anyPrize, anyDay, (prize, day) => {
      const expected = walk(prize, day);
      if (expected === undefined || prize.probability === 0) return;
      if (left(prize.total_quota, prize.taken_total) === 0) return;
      compared += 1;
      const found = ms(forecast(prize, day).total_out_at);
      // A unit that falls on midnight falls on either side of it.
      const isNear = (a: number, b: number) => Math.abs(a - b) < 10;
      if (!isNear(found, expected)) throw new Error(`${found}, ${expected}`);
    }),
    { seed: 20261126, numRuns: 3_000 },
  );
  t.ok(compared > 500, `${compared} compared`);
});
