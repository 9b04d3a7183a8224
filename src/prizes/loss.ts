import type { Win } from "../outbox/win.js";
import type { Postgres } from "../stores/postgres.js";
import { beganAt, type Epoch, isRestoring, nameOf } from "./epoch.js";

/** What a server noticed about a day's data in Redis. */
export type Found = {
  /** data of this name are older than what this server wrote */
  lost?: Epoch | undefined;
  /** all winners of the data of this name are back */
  restored?: Epoch;
  /** a win that Postgres refused, and whether its user had a row already */
  clash?: Clash;
};

type Clash = { win: Win; participated: boolean };

/**
 * The name of the data that are known to be incomplete, judging by what was noticed. Rejects with UNAVAILABLE.
 */
export async function findLost(
  postgres: Postgres,
  campaign: string,
  found: Found[],
  known: Epoch | undefined,
): Promise<Epoch | undefined> {
  if (known === undefined) return undefined;
  const name = nameOf(known);
  for (const { lost, clash } of found) {
    if (lost !== undefined && nameOf(lost) === name) return name;
    if (!clash || isRestoring(known)) continue;
    if (await isForgotten(postgres, campaign, clash, known)) return name;
  }
  return undefined;
}

/**
 * Whether Redis must have forgotten the owner of the row that a win collided with: the win was decided on these very
 * data. If Postgres has no such unit, the quota was lowered and nothing is lost.
 */
async function isForgotten(
  postgres: Postgres,
  campaign: string,
  { win, participated }: Clash,
  known: Epoch,
): Promise<boolean> {
  if (win.created_at <= beganAt(known)) return false;
  return participated || isTaken(postgres, campaign, win);
}

/** Whether a row has the unit or the day unit of a win. */
async function isTaken(
  postgres: Postgres,
  campaign: string,
  { prize_id, draw_date, unit, day_unit }: Win,
): Promise<boolean> {
  const [row] = await postgres.query(
    (sql) => sql<{ taken: boolean }[]>`
      select exists (
        select from result r where r.prize_id = ${prize_id} and r.campaign_id = ${campaign} and r.unit = ${unit}
      ) or exists (
        select from result r
        where r.prize_id = ${prize_id} and r.campaign_id = ${campaign}
          and r.draw_date = ${draw_date}::text::date and r.day_unit = ${day_unit}
      ) as taken`,
  );
  return row?.taken === true;
}
