import { unavailable } from "../../errors.js";
import { shardOf } from "../../shards/shard-of.js";
import type { Scope } from "../campaign.js";
import { nameOf } from "../epoch.js";
import type { Lost } from "./restore-winners.js";

type Count = { user_id: string; wins: number };

/** Winners read at a time, and passed to one run of the script. */
const PAGE_SIZE = 5_000;
const LARGEST_BATCH = 500;

/** The wins of users in the campaign, as Postgres has them: their number, or that of the last, whichever is greater. */
export async function countWins(
  { postgres, held }: Scope,
  userIds: string[],
): Promise<Count[]> {
  return postgres.query(
    (sql) => sql<Count[]>`
      select r.user_id, greatest(count(*), max(r.win_no))::int as wins
      from result r
      where r.user_id = any(${userIds}::text[]) and r.campaign_id = ${held.campaign.id}
      group by r.user_id`,
  );
}

/**
 * Counts the wins of these users in Redis, where the campaign limits them. Returns whether the day's data still have their
 * name. Rejects with UNAVAILABLE.
 */
export async function recountUsers(
  scope: Scope,
  lost: Lost,
  userIds: string[],
): Promise<boolean> {
  const { redis, keys } = scope;
  const counts = await countWins(scope, [...new Set(userIds)]);
  const { date } = lost.day;
  for (let from = 0; from < counts.length; from += LARGEST_BATCH) {
    const some = counts.slice(from, from + LARGEST_BATCH);
    const names = some.map(({ user_id }) => keys.winsEver(user_id));
    const values = some.flatMap(({ user_id, wins }) => [user_id, wins]);
    const answer = await redis
      .recount(
        names.length + 1,
        ...[keys.takenToday(date), ...names],
        ...[nameOf(lost.epoch), ...values],
      )
      .catch((error: unknown) => {
        throw unavailable(error);
      });
    if (answer === "not_whole") return false;
  }
  return true;
}

/**
 * Counts the wins of the winners of a prize, over all days, a page at a time: those after the unit `from`. Returns the last
 * unit of the page, or undefined after the last page. Rejects with UNAVAILABLE.
 */
export async function recountPage(
  scope: Scope,
  lost: Lost,
  { prize_id, from }: { prize_id: string; from: number },
): Promise<number | undefined> {
  const { postgres, held, shard, everywhere } = scope;
  const winners = await postgres.query(
    (sql) => sql<{ user_id: string; unit: string }[]>`
      select user_id, unit
      from result
      where prize_id = ${prize_id} and campaign_id = ${held.campaign.id} and unit > ${from}
      order by unit
      limit ${PAGE_SIZE}`,
  );
  await recountUsers(
    scope,
    lost,
    winners
      .map(({ user_id }) => user_id)
      .filter(
        (id) => shard === undefined || shardOf(id, everywhere.length) === shard,
      ),
  );
  return winners.length < PAGE_SIZE ? undefined : Number(winners.at(-1)?.unit);
}
