import type { Day } from "./clock.js";
import { keys } from "./keys.js";
import type { Postgres } from "./postgres.js";
import { attemptOf } from "./random.js";
import { type Redis, replies } from "./redis.js";
import { type Counts, countOf } from "./stock.js";

type Count = { id: string; day_unit: string };
type Winner = {
  id: string;
  user_id: string;
  day_unit: string;
  redeemed: boolean;
};

/** Winners read and written at a time. */
const PAGE = 5_000;

/** Prize id → the lowest unit of the day that Redis took and Postgres refused. */
export type Clashes = Map<string, number>;

type Extent = {
  /** the greatest unit of the day in Postgres, by prize */
  counts: Count[];
  clashes: Clashes;
  /** the Redis that this server last reloaded, by its replication id */
  lineage: string;
  /** Tell those who have not redeemed once more. */
  tell: boolean;
};

/**
 * Gives a Redis that lost its data, or its last writes, the winners of a day back, so that none of them draws again.
 * Those are the rows above Redis's counter: none, unless it lost something. Where it has counted on since, its counter
 * tells nothing: then the rows above what it surely knew are looked at, if it is new to this server, and those from the
 * lowest clash on. Whether the winners were told is lost with Redis: `tell` has them told on the next try, unless they
 * have redeemed. Rejects with UNAVAILABLE.
 */
export async function restoreWinners(
  redis: Redis,
  postgres: Postgres,
  day: Day,
  { counts, clashes, lineage, tell }: Extent,
): Promise<void> {
  const reading = redis
    .multi()
    .hgetall(keys.takenToday(day.date))
    .hgetall(keys.known(day.date));
  const [taken, known] = (await replies(reading)) as Counts[];
  const isNew = known?.["@"] !== lineage;
  for (const { id, day_unit } of counts) {
    let from = Math.min(
      countOf(taken, id),
      isNew
        ? countOf(known, id, Number.POSITIVE_INFINITY)
        : Number.POSITIVE_INFINITY,
      (clashes.get(id) ?? Number.POSITIVE_INFINITY) - 1,
    );
    while (from < Number(day_unit)) {
      const winners = await readWinners(postgres, id, day.date, from);
      if (winners.length === 0) break;
      await markWinners(redis, day, winners, tell);
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
      select id, user_id, day_unit, redeemed_at is not null as redeemed
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
  tell: boolean,
): Promise<void> {
  const place = ({ user_id }: Winner) => keys.players(day.date, user_id);
  const asking = redis.pipeline();
  for (const winner of winners) asking.hexists(place(winner), winner.user_id);
  const known = await replies(asking);

  const marking = redis.pipeline();
  for (const winner of winners.filter((_, n) => known[n] === 0)) {
    const { id, user_id, redeemed } = winner;
    if (tell && !redeemed)
      marking.hsetnx(keys.pending, user_id, `@${day.date}`);
    marking.hsetnx(place(winner), user_id, `w${attemptOf(id)}`);
    marking.expireat(place(winner), day.expiresAt);
  }
  await replies(marking);
}
