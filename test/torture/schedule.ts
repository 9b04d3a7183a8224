import fc from "fast-check";

/** A fault to come. All of it follows from the seed. */
export type Planned<Kind extends string> = {
  kind: Kind;
  /** milliseconds of quiet before it */
  after: number;
  /** milliseconds that it lasts */
  lasts: number;
  /** which server it strikes, where it strikes one */
  slot: number;
  /** does not wait for the one before to end */
  overlaps: boolean;
};

/** Every kind once in each round, in an order of its own, each for up to so many milliseconds. */
export function planFaults<Kind extends string>(
  kinds: Kind[],
  seed: number,
  slots: number,
  longest: number,
): Planned<Kind>[] {
  const round = fc
    .shuffledSubarray(kinds, { minLength: kinds.length })
    .chain((order) =>
      fc.tuple(...order.map((kind) => planned(kind, slots, longest))),
    );
  return fc.sample(round, { seed, numRuns: 20 }).flat();
}

function planned<Kind extends string>(
  kind: Kind,
  slots: number,
  longest: number,
): fc.Arbitrary<Planned<Kind>> {
  return fc.record({
    kind: fc.constant(kind),
    after: fc.integer({ min: 100, max: longest / 2 }),
    lasts: fc.integer({ min: 200, max: longest }),
    slot: fc.nat({ max: slots - 1 }),
    overlaps: fc.nat({ max: 4 }).map((n) => n === 0),
  });
}

/** What a client does next. */
export type Step = {
  act: "new" | "again" | "at once" | "redeem" | "redeem another's";
  keyed: boolean;
  /** picks a user among those there are, and a server */
  pick: number;
};

export function planSteps(seed: number): Step[] {
  const step = fc.record({
    act: fc.oneof(
      { weight: 60, arbitrary: fc.constant("new" as const) },
      { weight: 15, arbitrary: fc.constant("again" as const) },
      { weight: 10, arbitrary: fc.constant("at once" as const) },
      { weight: 12, arbitrary: fc.constant("redeem" as const) },
      { weight: 3, arbitrary: fc.constant("redeem another's" as const) },
    ),
    keyed: fc.boolean(),
    pick: fc.nat({ max: 1_000_000 }),
  });
  return fc.sample(step, { seed, numRuns: 5_000 });
}
