import { left, type Table } from "../../prizes/table.js";

/** Points of the chart, beside the first. */
const POINTS = 100;

/** Wins of each prize after so many draws. */
type Point = { draws: number; wins: Record<string, number> };

export type Tally = {
  /** Counts a draw, with the prize that it won. */
  add(prizeId: string | undefined): void;
  end(): {
    draws: number;
    no_prize: number;
    prizes: {
      id: string;
      title: string;
      wins: number;
      sold_out_at_draw: number | null;
    }[];
    points: Point[];
  };
};

/** Counts a day of `total` draws, of which each prize has the units of its quotas that are not taken. */
export function createTally(
  { listing }: Table,
  taken: (id: string) => number,
  total: number,
): Tally {
  const wins = new Map(listing.map(({ id }) => [id, 0]));
  const room = new Map<string, number>();
  const soldOut = new Map<string, number>();
  for (const { id, daily_quota, total_quota } of listing) {
    const units = Math.min(
      daily_quota ?? Infinity,
      left(total_quota, taken(id)) ?? Infinity,
    );
    room.set(id, units);
    if (units === 0) soldOut.set(id, 0);
  }
  const step = Math.ceil(total / POINTS);
  let draws = 0;
  const point = () => ({ draws, wins: Object.fromEntries(wins) });
  const points = [point()];

  function add(prizeId: string | undefined): void {
    draws += 1;
    if (prizeId !== undefined) {
      const count = (wins.get(prizeId) ?? 0) + 1;
      wins.set(prizeId, count);
      if (count === room.get(prizeId)) soldOut.set(prizeId, draws);
    }
    if (draws % step === 0 || draws === total) points.push(point());
  }

  function end() {
    const prizes = listing.map(({ id, title }) => ({
      id,
      title,
      wins: wins.get(id) ?? 0,
      sold_out_at_draw: soldOut.get(id) ?? null,
    }));
    const won = prizes.reduce((sum, prize) => sum + prize.wins, 0);
    return { draws, no_prize: draws - won, prizes, points };
  }

  return { add, end };
}
