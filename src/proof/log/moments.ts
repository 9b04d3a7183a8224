import type { Postgres } from "../../stores/postgres.js";
import { hashOf } from "../notes/rolls.js";

/** The open moments of a day as T lines name them: by the hash of a list that is published when the day is closed. */
export type LoggedMoment = {
  id: string;
  prize_id: string;
  /** milliseconds */
  at: number;
};

/**
 * Keeps the lists of these days, and returns their hashes as schedule.lua takes them: JSON, day → hash. `moments`: the earliest first, then
 * by id. Rejects with UNAVAILABLE.
 */
export async function keepMoments(
  postgres: Postgres,
  campaign: string,
  moments: LoggedMoment[],
  days: { date: string; endsAt: number }[],
): Promise<string> {
  const lists = days.map(({ date, endsAt }) => {
    const text = moments
      .filter(({ at }) => at < endsAt)
      .map(({ id, prize_id, at }) => `${id}\t${prize_id}\t${at}\n`)
      .join("");
    return { date, text, hash: hashOf(text) };
  });
  await postgres.query(
    (sql) => sql`
      insert into proof_moments (campaign_id, draw_date, hash, moments)
      select ${campaign}, l.draw_date::date, l.hash, l.moments
      from unnest(
        ${lists.map(({ date }) => date)}::text[], ${lists.map(({ hash }) => hash)}::text[], ${lists.map(({ text }) => text)}::text[]
      ) as l (draw_date, hash, moments)
      on conflict do nothing`,
  );
  return JSON.stringify(
    Object.fromEntries(lists.map(({ date, hash }) => [date, hash])),
  );
}
