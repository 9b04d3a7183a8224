import fc from "fast-check";

/** The rules of the campaign that a history draws in. Moments of time in milliseconds since the epoch. */
export type Rules = {
  name: string;
  draws_per_day: number;
  wins_per_user: number | null;
  ends_at: number | null;
  /** local hours between which the daily quota of A is released */
  release: [from: number, to: number] | null;
  /** the winning moments: their prizes, in the order in which they fall due */
  moments: { prize: string; at: number }[];
};

const HOUR = 3_600_000;

/** Noon of the first day of every history, in Hong Kong. */
export const NOON = Date.parse("2099-11-22T12:00:00+08:00");

const PLAIN: Rules = {
  name: "one draw a day",
  draws_per_day: 1,
  wins_per_user: null,
  ends_at: null,
  release: null,
  moments: [],
};

const at = (prize: string, hours: number) => ({
  prize,
  at: NOON + hours * HOUR,
});

const RULES: Rules[] = [
  { ...PLAIN, name: "two draws a day", draws_per_day: 2 },
  { ...PLAIN, name: "one win a user", wins_per_user: 1 },
  {
    ...PLAIN,
    name: "three draws a day, two wins a user",
    draws_per_day: 3,
    wins_per_user: 2,
  },
  { ...PLAIN, name: "a release", release: [10, 14] },
  {
    ...PLAIN,
    name: "moments",
    moments: [at("B", -1), at("C", -0.5), at("A", 1), at("B", 13), at("C", 36)],
  },
  { ...PLAIN, name: "an end", draws_per_day: 2, ends_at: NOON + 36 * HOUR },
];

/** A third of the histories is plain. */
export const anyRules: fc.Arbitrary<Rules> = fc
  .option(fc.constantFrom(...RULES), { freq: 3 })
  .map((rules) => rules ?? PLAIN);

/** The units of a daily quota that are released at a moment, of a day that began at `midnight`. */
export function releasedOf(
  { release }: Rules,
  quota: number,
  now: number,
  midnight: number,
): number {
  if (!release) return quota;
  const [from, to] = release.map((hour) => midnight + hour * HOUR) as [
    number,
    number,
  ];
  const share = Math.min(1, Math.max(0, (now - from) / (to - from)));
  return Math.floor(quota * share);
}

/** When the next unit is released, or null. */
export function nextRelease(
  rules: Rules,
  quota: number,
  now: number,
  midnight: number,
): number | null {
  const released = releasedOf(rules, quota, now, midnight);
  const [from = 0, to = 0] = rules.release ?? [];
  if (released === quota) return null;
  return (
    midnight +
    from * HOUR +
    Math.ceil(((released + 1) * (to - from) * HOUR) / quota)
  );
}
