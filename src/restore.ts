import type { Day } from "./clock.js";
import { unavailable } from "./errors.js";
import { keys } from "./keys.js";
import type { Postgres } from "./postgres.js";
import { type Redis, replies } from "./redis.js";

type Count = { id: string; day_unit: string };
type Winner = { user_id: string; day_unit: string; redeemed: boolean };

/** Winners read and written at a time. */
const PAGE = 5_000;

/**
 * Gives a Redis that lost its data, or its last writes, the winners of the day back, so that none of them draws again.
 * Those are the rows above Redis's counter: none, unless it lost something. Whether they were told is lost with Redis,
 * so whoever has not redeemed yet is told on the next try. Rejects with UNAVAILABLE.
 */
export async function restoreWinners(
  redis: Redis,
  postgres: Postgres,
  day: Day,
  counts: Count[],
): Promise<void> {
  const taken = await redis
    .hgetall(keys.takenToday(day.date))
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  for (const { id, day_unit } of counts) {
    let from = Number(taken[id] ?? 0);
    while (from < Number(day_unit)) {
      const winners = await readWinners(postgres, id, day.date, from);
      if (winners.length === 0) break;
      await markWinners(redis, day, winners);
      from = Number(winners.at(-1)?.day_unit);
    }
  }
}

function readWinners(
  postgres: Postgres,
  prizeId: string,
  date: string,
  from: number,
): Promise<Winner[]> {
  return postgres.query(
    (sql) => sql<Winner[]>`
      select user_id, day_unit, redeemed_at is not null as redeemed
      from result
      where prize_id = ${prizeId} and draw_date = ${date}::text::date and day_unit > ${from}
      order by day_unit
      limit ${PAGE}`,
  );
}

async function markWinners(
  redis: Redis,
  day: Day,
  winners: Winner[],
): Promise<void> {
  const place = ({ user_id }: Winner) => keys.players(day.date, user_id);
  const asking = redis.pipeline();
  for (const winner of winners) asking.hexists(place(winner), winner.user_id);
  const known = await replies(asking);

  const marking = redis.pipeline();
  for (const winner of winners.filter((_, n) => known[n] === 0)) {
    const { user_id, redeemed } = winner;
    if (!redeemed) marking.hsetnx(keys.pending, user_id, `@${day.date}`);
    marking.hsetnx(place(winner), user_id, "w");
    marking.expireat(place(winner), day.expiresAt);
  }
  await replies(marking);
}
