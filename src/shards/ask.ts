/** The numbers of units of all days, or of the day of a draw. */
export type Pool = "ever" | "day";

/** That a shard needs numbers of a prize's units. */
export type Ask = {
  prize_id: string;
  pool: Pool;
  /** the name of the numbers that it holds */
  rights: string;
  /** the grants that it has had */
  granted: number;
  /** the greatest number that can go now, -1 for any */
  most: number;
  /** a draw waits for them; else they run low */
  urgent: boolean;
};

const POOL = { e: "ever", d: "day" } as const;

/** Parses what draw.lua asks for, as its header says. */
export function parseAsks(text: string): Ask[] {
  const parts = text.split("\t");
  const asks: Ask[] = [];
  for (let at = 0; at < parts.length; at += 6) {
    const [prize_id = "", pool, rights = "", granted, most, urgency] =
      parts.slice(at, at + 6);
    asks.push({
      prize_id,
      pool: POOL[pool as keyof typeof POOL],
      rights,
      granted: Number(granted),
      most: Number(most),
      urgent: urgency === "s",
    });
  }
  return asks;
}
