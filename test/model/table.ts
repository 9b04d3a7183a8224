/** A row of the table `prize`. Odds are in tenths here, so that they add up without rounding. */
export type Row = {
  id: string;
  tenths: number;
  daily: number | null;
  total: number | null;
  active: boolean;
  fallback: boolean;
  /** its daily quota is released over the day, where the history has a release */
  release: boolean;
};

/** One change of a row. */
export type Change = Partial<Omit<Row, "id" | "release">>;

const PLAIN = { active: true, fallback: false, release: false };

/** The table that every history begins with: three prizes, and four tenths of the odds that win nothing. */
export const FIRST_PRIZES: Row[] = [
  { ...PLAIN, id: "A", tenths: 3, daily: 2, total: 3 },
  { ...PLAIN, id: "B", tenths: 2, daily: null, total: 4 },
  { ...PLAIN, id: "C", tenths: 1, daily: 1, total: null },
];

/** The only one that may become the fallback. */
export const FALLBACK = "C";

export const titleOf = (id: string) => `a ${id}`;

/** Whether the odds of the active prizes sum to more than 1. */
export const isRefused = (rows: Row[]) => sum(active(rows)) > 10;

const active = (rows: Row[]) => rows.filter((row) => row.active);

/**
 * The prizes in force, where `good` are those of the last rows that were not refused. Refused rows change no odds, but
 * what they leave no room for is not sold.
 */
export function inForce(rows: Row[], good: Row[]): Row[] {
  if (!isRefused(rows)) return active(rows);
  return good.map((prize) => {
    const row = rows.find(({ id }) => id === prize.id);
    return {
      ...prize,
      daily: lower(prize.daily, row?.daily ?? null),
      total: lower(prize.total, row?.total ?? null),
    };
  });
}

/** The prize that a roll meets, by the published odds. */
export function met(prizes: Row[], roll: number): Row | undefined {
  return prizes.find(
    (_, n) => roll < sum(prizes.slice(0, n + 1)) * 100_000_000,
  );
}

export function lower(one: number | null, other: number | null) {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

const sum = (rows: Row[]) => rows.reduce((all, { tenths }) => all + tenths, 0);
