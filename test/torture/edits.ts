import fc from "fast-check";
import type { PrizeRow } from "../support/set-prizes.js";
import type { World } from "../support/world.js";
import type { Quotas } from "./audit.js";

/** Prizes with and without quotas. */
const FIRST = [
  { id: "SURE", probability: 0.3 },
  { id: "SOME", probability: 0.05, daily_quota: 2_000, total_quota: 3_000 },
  { id: "FEW", probability: 0.05, daily_quota: 100, total_quota: 150 },
] satisfies PrizeRow[];

/** Edits that come between the faults, from the seed, and the greatest quotas that there ever were. */
export function editor(world: World, seed: number) {
  const edit = fc.record({
    id: fc.constantFrom("SURE", "SOME", "FEW"),
    probability: fc.constantFrom(0.1, 0.2, 0.3),
    daily_quota: fc.option(fc.integer({ min: 50, max: 4_000 }), { freq: 2 }),
    total_quota: fc.option(fc.integer({ min: 100, max: 8_000 }), { freq: 2 }),
    active: fc.nat({ max: 5 }).map((n) => n > 0),
    fallback: fc.boolean(),
  });
  const edits = fc.sample(edit, { seed, numRuns: 500 });
  const greatest = new Map<string, Quotas>(
    FIRST.map((row) => [
      row.id,
      { daily_quota: null, total_quota: null, ...row },
    ]),
  );

  /** Makes the next edit; a Postgres that is away misses it. */
  async function next(): Promise<void> {
    const edit = edits.pop();
    const before = edit && greatest.get(edit.id);
    if (!before) return;
    const { id } = edit;
    const values = { ...edit, fallback: edit.fallback && id === "FEW" };
    greatest.set(id, {
      id,
      daily_quota: higher(before.daily_quota, values.daily_quota),
      total_quota: higher(before.total_quota, values.total_quota),
    });
    await world.sql`update prize set ${world.sql(values)} where id = ${id}`.catch(
      () => {},
    );
  }

  return { first: FIRST, next, greatest: () => [...greatest.values()] };
}

/** The higher of two quotas; null is unlimited. */
const higher = (one: number | null, other: number | null) =>
  one === null || other === null ? null : Math.max(one, other);
