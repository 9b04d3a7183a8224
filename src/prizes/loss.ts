import type { Win } from "../outbox/win.js";
import { beganAt, type Epoch, isRestoring, nameOf } from "./epoch.js";
import type { Row } from "./table.js";

/** What a server noticed about a day's data in Redis. */
export type Found = {
  /** data of this name are older than what this server wrote */
  lost?: Epoch | undefined;
  /** all winners of the data of this name are back */
  restored?: Epoch;
  /** a win that Postgres refused, and whether its user had a row already */
  clash?: { win: Win; participated: boolean };
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
  { win, participated }: NonNullable<Found["clash"]>,
  known: Epoch,
  rows: Row[],
): boolean {
  if (win.created_at <= beganAt(known)) return false;
  const row = rows.find(({ id }) => id === win.prize_id);
  const isTaken =
    row !== undefined &&
    (Number(row.unit) >= win.unit || Number(row.day_unit) >= win.day_unit);
  return participated || isTaken;
}
