import type { Day } from "../../clock.js";
import { unavailable } from "../../errors.js";
import { attemptOf } from "../../random.js";
import { shardOf } from "../../shards/shard-of.js";
import type { Scope } from "../campaign.js";
import { type Epoch, isToldAgain, nameOf } from "../epoch.js";

/** A day of whose data in Redis something was lost, and their name. */
export type Lost = {
  day: Day;
  epoch: Epoch;
};

type Winner = {
  id: string;
  user_id: string;
  draw_no: number;
  redeemed: boolean;
};

/** Winners read at a time. */
const PAGE_SIZE = 5_000;

/** Winners passed to one run of the script, which takes some two milliseconds. */
const LARGEST_BATCH = 500;

/**
 * Restores in Redis those of these users who won on that day: until all winners of the day are back, no user's draw is
 * decided before Postgres was asked about them. Winners who have not redeemed are told once more (`isToldAgain`), since
 * Redis also lost whether they had been told. Returns whether the day's data still have that name. Rejects with
 * UNAVAILABLE.
 */
export async function restoreUsers(
  scope: Scope,
  lost: Lost,
  userIds: string[],
): Promise<boolean> {
  if (userIds.length === 0) return true;
  const { postgres, held } = scope;
  const winners = await postgres.query(
    (sql) => sql<Winner[]>`
      select r.id, r.user_id, r.draw_no, r.redeemed_at is not null as redeemed
      from unnest(${[...new Set(userIds)]}::text[]) as u (id)
      join result r on r.user_id = u.id and r.draw_date = ${lost.day.date}::text::date
        and r.campaign_id = ${held.campaign.id}`,
  );
  return restoreWinners(scope, lost, winners);
}

/**
 * Restores in Redis a page of a day's winners of a prize, those after the unit `from`. Returns the last day unit of the
 * page, or undefined after the last page. Rejects with UNAVAILABLE.
 */
export async function restorePage(
  scope: Scope,
  lost: Lost,
  { prize_id, from }: { prize_id: string; from: number },
): Promise<number | undefined> {
  const { postgres, held } = scope;
  const winners = await postgres.query(
    (sql) => sql<(Winner & { day_unit: string })[]>`
      select id, user_id, draw_no, day_unit, redeemed_at is not null as redeemed
      from result
      where prize_id = ${prize_id} and campaign_id = ${held.campaign.id}
        and draw_date = ${lost.day.date}::text::date and day_unit > ${from}
      order by day_unit
      limit ${PAGE_SIZE}`,
  );
  await restoreWinners(scope, lost, winners);
  return winners.length < PAGE_SIZE
    ? undefined
    : Number(winners.at(-1)?.day_unit);
}

async function restoreWinners(
  { redis, keys, shard, everywhere }: Scope,
  { day, epoch }: Lost,
  all: Winner[],
): Promise<boolean> {
  const winners =
    shard === undefined
      ? all
      : all.filter((it) => shardOf(it.user_id, everywhere.length) === shard);
  const { date, expiresAt } = day;
  const tell = isToldAgain(epoch, day);
  for (let from = 0; from < winners.length; from += LARGEST_BATCH) {
    const names: string[] = [keys.takenToday(date), keys.pending];
    const values: (string | number)[] = [date, expiresAt, nameOf(epoch)];
    for (const winner of winners.slice(from, from + LARGEST_BATCH)) {
      const { id, user_id, draw_no, redeemed } = winner;
      names.push(keys.players(date, user_id));
      values.push(user_id, attemptOf(id), tell && !redeemed ? 1 : 0, draw_no);
    }
    const answer = await redis
      .remember(names.length, ...names, ...values)
      .catch((error: unknown) => {
        throw unavailable(error);
      });
    if (answer === "not_whole") return false;
  }
  return true;
}
