import type { Win } from "../outbox/win.js";
import type { Receipt } from "../proof/notes/receipts.js";
import type { Ask } from "../shards/ask.js";

/** One attempt of a user on one day. */
export type Draw = {
  user_id: string;
  draw_date: string;
  attempt: string;
  /** named by an Idempotency-Key, so that it may come again after midnight */
  keyed: boolean;
  roll: number;
  /** where its day has a log: who draws, as that names them, and the number of the draw that the roll is for */
  p?: string;
  draw_no?: number;
  id: string;
  /** the place of a win that Postgres refused and that is to be decided again, or empty */
  refused: string;
  /** of such a draw, where wins are limited: those of the user that Postgres has */
  known_wins?: number;
  /** since when it waits for its shard to get numbers, in milliseconds by the time that waits go by */
  starved_since?: number;
};

/** What draw.lua decided about a draw; closed, starved and renumbered: nothing, and the draw is not used up. */
export type Decision = (
  | { outcome: "no_prize"; draw_date: string }
  | { outcome: "participated" }
  | { outcome: "recorded"; draw_date: string; draw_no: number }
  | { outcome: "won"; win: Win }
  | { outcome: "closed"; why: "not_started" | "ended" | "inactive" }
  | { outcome: "starved"; asks: Ask[] }
  | { outcome: "renumbered"; draw_no: number }
) & {
  /** of a draw that was decided now, where its day has a log */
  receipt?: Receipt;
  /** of the user's draws of that day, where there are several */
  draws_left?: number;
};

/** Decisions, and the batches that this server has written in this epoch. */
export type Decided = {
  decisions: Decision[];
  batches: number;
  /** numbers that run low */
  low: Ask[];
};
