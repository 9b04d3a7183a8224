import type { Day } from "./clock.js";
import { unavailable } from "./errors.js";
import { keys } from "./keys.js";
import type { Postgres } from "./postgres.js";
import { attemptOf } from "./random.js";
import type { Redis } from "./redis.js";

type Winner = { id: string; user_id: string; redeemed: boolean };

/** Winners handed to Redis in one script: it keeps others waiting for some two milliseconds. */
const LARGEST = 500;

/**
 * Gives Redis back those of the users who have won on a day: until all of the day's winners are back, nothing is decided of
 * a user of whom Postgres was not asked. `tell`: whoever has not redeemed is told once more, since whether they were told
 * is lost with Redis. Rejects with UNAVAILABLE.
 */
export async function restoreUsers(
  redis: Redis,
  postgres: Postgres,
  day: Day,
  userIds: string[],
  tell: boolean,
): Promise<void> {
  if (userIds.length === 0) return;
  const winners = await postgres.query(
    (sql) => sql<Winner[]>`
      select r.id, r.user_id, r.redeemed_at is not null as redeemed
      from unnest(${userIds}::text[]) as u (id)
      join result r on r.user_id = u.id and r.draw_date = ${day.date}::text::date`,
  );
  await restoreWinners(redis, day, winners, tell);
}

/**
 * Gives Redis back a page of a day's winners of a prize, those after the unit `from`. Answers with the last unit of the day
 * that it held, or undefined where that was the last page. Rejects with UNAVAILABLE.
 */
export async function restorePage(
  redis: Redis,
  postgres: Postgres,
  day: Day,
  prizeId: string,
  from: number,
  tell: boolean,
  size = 5_000,
): Promise<number | undefined> {
  const winners = await postgres.query(
    (sql) => sql<(Winner & { day_unit: string })[]>`
      select id, user_id, day_unit, redeemed_at is not null as redeemed
      from result
      where prize_id = ${prizeId} and draw_date = ${day.date}::text::date and day_unit > ${from}
      order by day_unit
      limit ${size}`,
  );
  await restoreWinners(redis, day, winners, tell);
  return winners.length < size ? undefined : Number(winners.at(-1)?.day_unit);
}

async function restoreWinners(
  redis: Redis,
  { date, expiresAt }: Day,
  winners: Winner[],
  tell: boolean,
): Promise<void> {
  for (let from = 0; from < winners.length; from += LARGEST) {
    const names: string[] = [keys.pending];
    const values: (string | number)[] = [date, expiresAt];
    for (const winner of winners.slice(from, from + LARGEST)) {
      const { id, user_id, redeemed } = winner;
      names.push(keys.players(date, user_id));
      values.push(user_id, attemptOf(id), tell && !redeemed ? 1 : 0);
    }
    await redis
      .remember(names.length, ...names, ...values)
      .catch((error: unknown) => {
        throw unavailable(error);
      });
  }
}
