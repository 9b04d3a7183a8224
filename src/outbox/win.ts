import type { TICKET } from "./letters.js";

/** An outbox entry: the wins of one batch. It is deleted when all of them are settled. */
export type Entry = {
  /** in Redis's stream: milliseconds, a dash, a number */
  id: string;
  draw_date: string;
  /** the wins that are not settled yet, by their seats */
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
  /** which of the user's draws of that day it is, from 1 on */
  draw_no: number;
  /** which of the user's wins in the campaign it is, where they are limited */
  win_no?: number;
  /** id of the moment that it claims */
  moment_id?: string;
  /** milliseconds since the epoch */
  created_at: number;
  attempt: string;
  roll: number;
  entry: Entry;
  /** the number of its line, where the day has a log */
  seq?: number;
};

/** A user's draw of a day: names a win of an entry. */
export const seatOf = (of: { user_id: string; draw_no: number }): string =>
  of.draw_no > 1 ? `${of.user_id}\t${of.draw_no}` : of.user_id;

/** An outbox entry, or the day of a row, and the number of the draw where it is not the first of its day: as the scripts have it. */
export const placeOf = (where: string, draw_no: number): string =>
  draw_no > 1 ? `${where}/${draw_no}` : where;

/** The two parts of a place. */
export function parsePlace(place: string): { where: string; draw_no: number } {
  const [where = "", draw_no = "1"] = place.split("/");
  return { where, draw_no: Number(draw_no) };
}

/** A prize's id as draw.lua writes it before a ticket, with the numbers that few wins have. */
const WON =
  /^([\w.-]+)(?:\/(\d+))?(?:#(\d+))?(?:@(\d+))?(?:=(\d+):(\d+))?(?:~(\d+))?$/;

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
    const won = parts[at] as string;
    const ticket = parts[at + 1] as string;
    // Nearly all are a prize's id and nothing else.
    let counter = taken.get(won);
    const more = counter ? undefined : WON.exec(won);
    const prize_id = more?.[1] ?? won;
    counter ??= taken.get(prize_id);
    if (!counter) throw new Error(`outbox entry ${entryId} is not whole`);
    counter.unit = more?.[5] ? Number(more[5]) : counter.unit + 1;
    counter.day_unit = more?.[6] ? Number(more[6]) : counter.day_unit + 1;
    const user_id = ticket.slice(54);
    const draw_no = more?.[2] === undefined ? 1 : Number(more[2]);
    entry.left.add(draw_no > 1 ? seatOf({ user_id, draw_no }) : user_id);
    const win: Win = {
      id: ticket.slice(18, 54),
      user_id,
      prize_id,
      draw_date,
      unit: counter.unit,
      day_unit: counter.day_unit,
      draw_no,
      created_at: Number(created_at),
      attempt: ticket.slice(1, 9),
      roll: Number(ticket.slice(9, 18)),
      entry,
    };
    if (more?.[3] !== undefined) win.win_no = Number(more[3]);
    if (more?.[4] !== undefined) win.moment_id = more[4];
    if (more?.[7] !== undefined) win.seq = Number(more[7]);
    parsed.push(win);
  }
  return parsed;
}
