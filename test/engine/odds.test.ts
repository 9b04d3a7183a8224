import t from "tap";
import { formatTicket, parseWins } from "../../src/outbox/win.js";
import {
  attemptOf,
  nameAttempt,
  PARTS,
  randomFrom,
  systemRandom,
} from "../../src/random.js";
import { keys } from "../../src/stores/keys.js";
import { chiSquareOf } from "../support/chi-square.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { uniform } from "../support/uniform-rolls.js";
import { createWorld } from "../support/world.js";

/** A server whose rolls are those given, in order. */
function rolls(values: number[]) {
  const queue = values[Symbol.iterator]();
  return { ...systemRandom, roll: () => queue.next().value as number };
}

/** Of a result that nobody asks for. */
const ID = "00000000-0000-4000-8000-000000000000";

const UUID =
  /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

t.test("a million rolls through the real script match the table", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const odds = { A: 0.005, B: 0.02, C: 0.05, D: 0.0001, E: 0.1 };
  const rows = Object.entries(odds).map(([id, probability]) => ({
    id,
    probability,
  }));
  await setPrizes(world, rows, server);

  // Straight to the script: a million promises would take longer than the draws.
  const { redis, clock } = server;
  const { date, before, expiresAt } = clock.today();
  const { prizes, taken, takenToday, outbox, pending, players } = keys;
  const { moments } = keys;
  const shared = [prizes, taken, takenToday(date), outbox, pending, moments];
  const seen = new Map<string, number>();
  const source = uniform();
  const total = 1_000_000;
  const batch = 1_000;
  for (let from = 0; from < total; from += batch) {
    const users = Array.from({ length: batch }, (_, n) => `u${from + n}`);
    const places = users.map((user) => players(date, user));
    const tickets = users.map((user) =>
      formatTicket({
        kind: "-",
        attempt: "attempt8",
        roll: source.next().value as number,
        id: ID,
        user_id: user,
      }),
    );
    const epoch = server.prizes.epoch(date) ?? "";
    const about = [date, before, clock.now(), expiresAt];
    const head = [...about, epoch, "test", 0, 0, 0];
    const names = [...shared, ...places];
    const reply = redis.draw(names.length, ...names, ...head, ...tickets);
    const [entry, text] = (await reply) as [string, string];
    for (const { prize_id } of text ? parseWins(entry, text) : []) {
      seen.set(prize_id, (seen.get(prize_id) ?? 0) + 1);
    }
  }

  const chiSquare = chiSquareOf(odds, seen, total);
  t.comment(`chi-square ${chiSquare.toFixed(2)}, five degrees of freedom`);
  t.ok(
    chiSquare < 20.5,
    "below the value that chance passes once in a thousand",
  );
});

t.test("the first and the last roll", async (t) => {
  const world = await createWorld(t);
  const random = rolls([
    0, 249_999_999, 250_000_000, 749_999_999, 750_000_000, 999_999_999,
  ]);
  const server = await startServer(t, world, { random });
  await setPrizes(
    world,
    [
      { id: "A", probability: 0.25 },
      { id: "B", probability: 0.5 },
      { id: "NEVER", probability: 0 },
    ],
    server,
  );
  const got: (string | undefined)[] = [];
  for (const user of ["a", "b", "c", "d", "e", "f"]) {
    got.push((await server.draw(user)).body.data?.result?.prize_id);
  }
  t.same(got, ["A", "A", "B", "B", undefined, undefined]);
});

t.test(
  "a table that sums to exactly one leaves nobody without a prize",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world, {
      random: rolls([999_999_999, 0]),
    });
    await setPrizes(
      world,
      [
        { id: "A", probability: "0.1" },
        { id: "B", probability: "0.2" },
        { id: "C", probability: "0.7" },
      ],
      server,
    );
    t.equal((await server.draw("last")).body.data?.result?.prize_id, "C");
    t.equal((await server.draw("first")).body.data?.result?.prize_id, "A");
  },
);

t.test(
  "sold-out odds fall to no prize, nobody else's odds change",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world, {
      random: rolls([0, 0, 500_000_000, 999_999_999]),
    });
    await setPrizes(
      world,
      [
        { id: "A", probability: 0.5, total_quota: 1 },
        { id: "B", probability: 0.4 },
      ],
      server,
    );
    t.equal((await server.draw("one")).body.data?.result?.prize_id, "A");
    t.equal(told((await server.draw("two")).body), "no_prize", "A is sold out");
    t.equal((await server.draw("three")).body.data?.result?.prize_id, "B");
    t.equal(told((await server.draw("four")).body), "no_prize");
  },
);

t.test(
  "a roll is an integer below 10^9, the first and the last among them",
  (t) => {
    t.equal(randomFrom(() => 0).roll(), 0);
    t.equal(randomFrom((n) => n - 1).roll(), PARTS - 1);
    t.end();
  },
);

t.test("rolls and attempts come from the operating system", (t) => {
  const { random } = Math;
  t.teardown(() => {
    Math.random = random;
  });
  Math.random = () => {
    throw new Error("Math.random can be foretold");
  };
  const rolls = new Set(Array.from({ length: 100 }, systemRandom.roll));
  t.ok(rolls.size > 90);
  const names = new Set(
    Array.from({ length: 100 }, () => nameAttempt(undefined)),
  );
  t.equal(names.size, 100);
  t.match(systemRandom.id([...names][0] ?? ""), /^[0-9a-f-]{36}$/);
  t.end();
});

t.test("every roll is as likely as any other", (t) => {
  const CELLS = 100;
  const EACH = 10_000;
  const cells = new Array<number>(CELLS).fill(0);
  for (let n = 0; n < CELLS * EACH; n += 1) {
    const cell = Math.floor((systemRandom.roll() * CELLS) / PARTS);
    cells[cell] = (cells[cell] ?? Number.NaN) + 1;
  }
  const chi = cells.reduce((sum, n) => sum + (n - EACH) ** 2 / EACH, 0);
  // 99 degrees of freedom: chance alone goes past 220 less than once in 10^10 runs.
  t.ok(chi < 220, `chi-square ${chi}`);
  t.end();
});

t.test("the id of a result is a UUID that ends with its attempt", async (t) => {
  const seen = new Set<string>();
  const ones = new Array<number>(128).fill(0);
  const count = 20_000;
  for (let n = 0; n < count; n += 1) {
    const attempt = nameAttempt(undefined);
    const id = systemRandom.id(attempt);
    if (!UUID.test(id) || attemptOf(id) !== attempt) t.fail(`${id} ${attempt}`);
    seen.add(id.slice(0, 23));
    const bits = BigInt(`0x${id.replaceAll("-", "")}`);
    for (let bit = 0; bit < 128; bit += 1) {
      if ((bits >> BigInt(bit)) & 1n)
        ones[127 - bit] = (ones[127 - bit] ?? 0) + 1;
    }
  }
  t.equal(seen.size, count, "no two begin alike");
  // Six standard deviations of a fair coin: a bit that chance does not set is far outside.
  const isFair = (n: number) =>
    Math.abs(n - count / 2) < 6 * Math.sqrt(count / 4);
  const fixed = ones.flatMap((n, bit) => (isFair(n) ? [] : [bit]));
  t.same(fixed, [48, 49, 50, 51, 64, 65], "all bits but version and variant");
});
