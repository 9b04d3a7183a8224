import t from "tap";
import {
  chiSquareOf,
  pValueOf,
  wordsOf,
} from "../../src/commands/proof/chi-square.js";

// The measure of counts against odds, by published tables.

t.test("p-values as tables of the distribution have them", async (t) => {
  for (const [value, freedom, p] of [
    [3.841, 1, 0.05],
    [6.635, 1, 0.01],
    [10.828, 1, 0.001],
    [5.991, 2, 0.05],
    [18.307, 10, 0.05],
    [2.558, 10, 0.99],
    [29.588, 10, 0.001],
    [124.342, 100, 0.05],
    [1_074.679, 1_000, 0.05],
  ] as const) {
    const found = pValueOf({ value, freedom });
    t.ok(Math.abs(found / p - 1) < 0.002, `${value}, ${freedom}: ${found}`);
  }
  t.equal(pValueOf({ value: 0, freedom: 3 }), 1);
  t.equal(pValueOf({ value: 0, freedom: 0 }), 1);
  // With two degrees of freedom it is e to the -value/2.
  const far = pValueOf({ value: 60, freedom: 2 });
  t.ok(Math.abs(far / Math.exp(-30) - 1) < 1e-9);
});

t.test("by hand, and small counts together", async (t) => {
  const dice = [5, 8, 9, 8, 10, 20].map((seen) => ({ seen, odds: 1 / 6 }));
  const { value, freedom } = chiSquareOf(dice);
  t.ok(Math.abs(value - 13.4) < 1e-9, String(value));
  t.equal(freedom, 5);
  // 3 and 4 expected: together 7.
  const rare = chiSquareOf([
    { seen: 5, odds: 0.03 },
    { seen: 6, odds: 0.04 },
    { seen: 89, odds: 0.93 },
  ]);
  t.equal(rare.freedom, 1);
  t.ok(Math.abs(rare.value - (16 / 7 + 16 / 93)) < 1e-9);
  // Still too few: with the rest.
  const one = chiSquareOf([
    { seen: 3, odds: 0.01 },
    { seen: 97, odds: 0.99 },
  ]);
  t.same(one, { value: 0, freedom: 0 });
  t.same(chiSquareOf([]), { value: 0, freedom: 0 });
});

t.test("in words", async (t) => {
  t.match(wordsOf(0.37), /^as chance would have it: of 100 fair .* 37 differ/);
  t.match(
    wordsOf(0.002),
    /^unusual: one fair draw of this kind in 500 differs/,
  );
  t.match(wordsOf(1e-9), /^not as chance would have it: .* in 1,000,000,000 /);
});
