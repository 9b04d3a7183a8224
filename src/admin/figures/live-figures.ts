import type { FastifyBaseLogger } from "fastify";
import type { Lane } from "../../campaigns/lane.js";
import { Failure } from "../../errors.js";
import { readOutbox } from "../../outbox/depth.js";
import { readCounters, totalsOf } from "../../prizes/counters.js";
import type { Services } from "../../services.js";
import { replies } from "../../stores/redis.js";
import { forecast } from "./forecast.js";
import { minuteOf, perMinute, samplesOf } from "./minutes.js";
import { readFigures } from "./routes.js";

type Entries = [id: string, fields: string[]][];

type Live = Awaited<ReturnType<ReturnType<typeof createReader>>>;

/**
 * The figures of an event, with what each prize will come to. Where a store does not answer they are the last ones, and
 * say so; null where there are none yet. Never rejects, and the stores' own deadlines end it within some two seconds.
 */
export function createLiveFigures(
  services: Services,
  lane: Lane,
  refusals: () => Promise<Record<string, number>>,
  log: FastifyBaseLogger,
) {
  const { clock, prizes, held } = lane;
  const { TIME_ZONE } = services.settings;
  const read = createReader(services, lane);
  let last: Live | undefined;

  return async function poll() {
    const { date, resetsAt } = clock.today();
    const time_zone = held.campaign.time_zone ?? TIME_ZONE;
    const context = { time_zone, refusals: await refusals() };
    try {
      last = await read();
      const problem = prizes.problem() ?? null;
      return { ...last, ...context, stale: false, problem };
    } catch (error) {
      if (!(error instanceof Failure)) log.error({ err: error }, "figures");
      const problem =
        error instanceof Failure ? error.message : "The figures can't be read.";
      const known = last ?? { ...UNKNOWN, date, resets_at: resetsAt };
      return { ...known, ...context, stale: true, problem };
    }
  };
}

const UNKNOWN = {
  at: null,
  today: null,
  ever: null,
  per_minute: [],
  outbox: null,
  prizes: [],
};

function createReader(services: Services, lane: Lane) {
  const { clock, redis, keys, everywhere, held } = lane;
  const { TIME_ZONE } = services.settings;

  return async function read() {
    const { date, before, endsAt, resetsAt } = clock.today();
    const [fromPostgres, fromRedis, open] = await Promise.allSettled([
      readFigures(services, lane, date),
      readRedis(),
      countMoments(lane, endsAt),
    ]);
    if (fromRedis.status === "rejected") {
      throw new Failure(
        "UNAVAILABLE",
        "Redis does not answer: these are the last figures.",
      );
    }
    if (fromPostgres.status === "rejected") {
      throw new Failure(
        "UNAVAILABLE",
        "Postgres does not answer: these are the last figures.",
      );
    }
    const { today, ever, prizes } = fromPostgres.value;
    const { outbox, samples, counters } = fromRedis.value;
    const now = clock.now();
    const beginsAt = clock.day(before).endsAt;
    const timeZone = held.campaign.time_zone ?? TIME_ZONE;
    const odds = prizes
      .filter(({ active }) => active)
      .reduce((sum, { probability }) => sum + probability, 0);
    const chanceOfNoPrize = Math.max(0, 1 - odds);
    const campaignEndsAt = held.campaign.ends_at ?? undefined;
    const times = { now, beginsAt, endsAt, campaignEndsAt, timeZone };
    const moments = open.status === "fulfilled" ? open.value : new Map();
    const traffic = { draws: today.draws, chanceOfNoPrize, ...times };
    return {
      at: new Date(now).toISOString(),
      date,
      resets_at: resetsAt,
      today: { ...today, draws: today.draws ?? 0 },
      ever: { ...ever, draws: ever.draws ?? ever.wins },
      per_minute: perMinute(samples, { minute: minuteOf(now), ...counters }),
      outbox,
      prizes: prizes.map((prize) => ({
        ...prize,
        forecast: forecast(
          {
            ...prize,
            moments: moments.get(prize.id) ?? 0,
            releasedAt: prize.release_to
              ? clock.momentOf(date, prize.release_to)
              : undefined,
          },
          traffic,
        ),
      })),
    };
  };

  async function readRedis() {
    const now = clock.now();
    const { date } = clock.today();
    const [{ entries, oldest_seconds }, [samples], { ever }] =
      await Promise.all([
        readOutbox(redis, everywhere),
        replies(
          redis.multi().xrange(keys.minutes, minuteOf(now) - 60, "+"),
        ) as Promise<[Entries]>,
        readCounters(redis, everywhere, date),
      ]);
    const age = oldest_seconds === null ? null : Math.round(oldest_seconds);
    return {
      outbox: { entries, oldest_seconds: age },
      samples: samplesOf(samples),
      counters: totalsOf(ever),
    };
  }
}

/** Unclaimed winning moments of each prize up to a moment, in milliseconds since the epoch. */
async function countMoments(
  { postgres, held }: Lane,
  until: number,
): Promise<Map<string, number>> {
  const rows = await postgres.query(
    (sql) => sql<{ prize_id: string; count: number }[]>`
      select prize_id, count(*)::int as count
      from moment m
      where campaign_id = ${held.campaign.id} and at < to_timestamp(${until}::float8 / 1000)
        and not exists (select from result r where r.moment_id = m.id)
      group by prize_id`,
  );
  return new Map(rows.map(({ prize_id, count }) => [prize_id, count]));
}
