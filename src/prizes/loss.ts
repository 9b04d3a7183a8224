import type { Win } from "../outbox/win.js";
import type { Postgres } from "../stores/postgres.js";
import { beganAt, type Epoch, isRestoring, nameOf } from "./epoch.js";
import type { Row } from "./table.js";

/** What a server noticed about a day's data in Redis. */
export type Found = {
  /** data of this name are older than what this server wrote */
  lost?: Epoch | undefined;
  /** all winners of the data of this name are back */
  restored?: Epoch;
  /** a win that Postgres refused, and whether its user had a row already */
  clash?: {
    win: Win;
    participated: boolean;
    /** whether a row has its numbers, where that is known */
    taken?: boolean;
  };
};

/** The name of the data that are known to be incomplete, judging by what was noticed. */
export function lostOf(
  found: Found[],
  known: Epoch | undefined,
  rows: Row[],
): Epoch | undefined {
  if (known === undefined) return undefined;
  const name = nameOf(known);
  const isLost = found.some(({ lost, clash }) => {
    if (lost !== undefined && nameOf(lost) === name) return true;
    return clash && !isRestoring(known) && isForgotten(clash, known, rows);
  });
  return isLost ? name : undefined;
}

/**
 * Whether Redis must have forgotten the owner of the row that a win collided with: the win was decided on these very
 * data. If Postgres has no such unit, the quota was lowered and nothing is lost.
 */
function isForgotten(
  { win, participated, taken }: NonNullable<Found["clash"]>,
  known: Epoch,
  rows: Row[],
): boolean {
  if (win.created_at <= beganAt(known)) return false;
  if (taken !== undefined) return participated || taken;
  const row = rows.find(({ id }) => id === win.prize_id);
  const isCounted =
    row !== undefined &&
    (Number(row.unit) >= win.unit || Number(row.day_unit) >= win.day_unit);
  return participated || isCounted;
}

/** Whether a row has the unit or the day unit of a win. Rejects with UNAVAILABLE. */
export async function isTaken(
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
