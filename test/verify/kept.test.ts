import t from "tap";
import { KeyedTable } from "../../src/verify/kept/keyed-table.js";
import { packMark, unpackMark } from "../../src/verify/kept/marks.js";
import { Wins } from "../../src/verify/kept/wins.js";
import { chanceOf } from "../support/proof-day.js";

t.test("a table of keys agrees with a Map, while it grows", async (t) => {
  const chance = chanceOf(5);
  const table = new KeyedTable(16);
  const map = new Map<string, number>();
  const word = () => Math.floor(chance() * 2 ** 32);
  for (let n = 1; n <= 50_000; n += 1) {
    // Keys that share a word, and keys that come again.
    const [high, low] = [
      n % 3 === 0 ? 7 : word(),
      n % 5 === 0 ? n % 1000 : word(),
    ];
    table.set(high, low, n);
    map.set(`${high} ${low}`, n);
    if (table.get(low, high + 1) !== (map.get(`${low} ${high + 1}`) ?? 0))
      t.fail("a key that is not there");
  }
  t.equal(table.size, map.size);
  for (const [key, value] of map) {
    const [high = 0, low = 0] = key.split(" ").map(Number);
    if (table.get(high, low) !== value) t.fail(key);
  }
});

t.test("marks come back as they were", async (t) => {
  for (const mark of [
    { stands: true, won: false, shard: 0, losses: 0 },
    { stands: false, won: true, shard: 1023, losses: 524_287 },
    { stands: true, won: true, shard: 512, losses: 262_144 },
  ]) {
    t.ok(packMark(mark) > 0);
    t.same(unpackMark(packMark(mark)), mark);
  }
});

t.test(
  "wins in columns: found by seq, and the second of two with one number",
  async (t) => {
    const wins = new Wins();
    const win = (seq: number, unit: number, shard: number, prize = 0) => ({
      seq,
      unit,
      dayUnit: unit,
      line: seq + 1,
      high: 1,
      low: 2,
      personHigh: 3,
      personLow: 4,
      prize,
      shard,
      returned: 0,
    });
    wins.beginLog();
    for (let n = 0; n < 5000; n += 1) wins.add(win(2 * n, n + 1, 0));
    t.equal(wins.rowOf(4000), 2000);
    t.equal(wins.rowOf(4001), -1);
    t.equal(wins.twice(0, "unit"), undefined);
    wins.beginLog();
    t.equal(wins.rowOf(4000), -1, "of another log");
    wins.add(win(10, 77, 1, 1));
    wins.add(win(11, 77, 1));
    t.equal(wins.rowOf(11), 5001);
    t.match(wins.twice(0, "unit"), { seq: 11, shard: 1, line: 12 });
    t.equal(wins.standing(0), 5001);
    wins.void(76);
    t.equal(wins.twice(0, "unit"), undefined, "the first came to nothing");
    t.equal(wins.standing(0), 5000);
  },
);
