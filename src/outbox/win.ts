import type { TICKET } from "./letters.js";

/** An outbox entry: the wins of one batch. It is deleted when all of them are settled. */
export type Entry = {
  /** in Redis's stream: milliseconds, a dash, a number */
  id: string;
  draw_date: string;
  /** the users whose wins are not settled yet */
  left: Set<string>;
};

/** A win as draw.lua wrote it into the outbox; its row may not be in Postgres yet. */
export type Win = {
  /** UUID of the result */
  id: string;
  user_id: string;
  prize_id: string;
  /** `2026-11-22` */
  draw_date: string;
  /** which unit of its prize it is, counted from 1: ever, and on that day */
  unit: number;
  day_unit: number;
  /** milliseconds since the epoch */
  created_at: number;
  attempt: string;
  roll: number;
  entry: Entry;
};

/** A draw as draw.lua reads it, in one string: kind, attempt, roll, id, and the user as the rest. */
export function formatTicket(ticket: {
  kind: (typeof TICKET)[keyof typeof TICKET];
  attempt: string;
  roll: number;
  id: string;
  user_id: string;
}): string {
  const { kind, attempt, roll, id, user_id } = ticket;
  return `${kind}${attempt}${String(roll).padStart(9, "0")}${id}${user_id}`;
}

/**
 * Parses the field `wins` of an outbox entry, as the header of draw.lua describes it. No user id or prize id contains a
 * tab.
 */
export function parseWins(entryId: string, text: string): Win[] {
  const [head = "", before = "", wins = ""] = text.split("\n");
  const [draw_date = "", created_at = ""] = head.split("\t");
  const taken = new Map<string, { unit: number; day_unit: number }>();
  const counts = before.split("\t");
  for (let at = 0; at < counts.length; at += 3) {
    const [id = "", unit, day_unit] = counts.slice(at, at + 3);
    taken.set(id, { unit: Number(unit), day_unit: Number(day_unit) });
  }
  const entry: Entry = { id: entryId, draw_date, left: new Set() };
  const parts = wins.split("\t");
  const parsed: Win[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const prize_id = parts[at] as string;
    const ticket = parts[at + 1] as string;
    const counter = taken.get(prize_id);
    if (!counter) throw new Error(`outbox entry ${entryId} is not whole`);
    counter.unit += 1;
    counter.day_unit += 1;
    const user_id = ticket.slice(54);
    entry.left.add(user_id);
    parsed.push({
      id: ticket.slice(18, 54),
      user_id,
      prize_id,
      draw_date,
      unit: counter.unit,
      day_unit: counter.day_unit,
      created_at: Number(created_at),
      attempt: ticket.slice(1, 9),
      roll: Number(ticket.slice(9, 18)),
      entry,
    });
  }
  return parsed;
}
