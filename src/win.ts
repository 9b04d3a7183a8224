/** A win as draw.lua wrote it into the outbox; its row may not be in Postgres yet. */
export type Win = {
  /** UUID of the result */
  id: string;
  user_id: string;
  prize_id: string;
  /** `2026-11-22` */
  draw_date: string;
  /** the how-manieth of its prize, ever and that day, from 1 */
  unit: number;
  day_unit: number;
  /** milliseconds since the epoch */
  created_at: number;
  attempt: string;
  roll: number;
  /** its outbox entry */
  entry: string;
};

/** Reads the `win` field of an outbox entry. Neither user ids nor prize ids hold a tab. */
export function parseWin(entry: string, text: string): Win {
  const [
    id,
    user_id,
    prize_id,
    draw_date,
    unit,
    day_unit,
    created_at,
    attempt,
    roll,
  ] = text.split("\t") as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    id,
    user_id,
    prize_id,
    draw_date,
    unit: Number(unit),
    day_unit: Number(day_unit),
    created_at: Number(created_at),
    attempt,
    roll: Number(roll),
    entry,
  };
}
