import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { Lane } from "../../campaigns/lane.js";
import { CAMPAIGN_NOT_FOUND } from "../../errors.js";
import { failures } from "../../http/schemas/common.js";
import type { Services } from "../../services.js";
import type { Postgres } from "../../stores/postgres.js";
import { readPrizeTable } from "../prizes/change-prizes.js";
import { readCounts, withUnits } from "../prizes/counts.js";
import { FiguresAnswer, FiguresQuery } from "../schemas/figures.js";

/**
 * GET /admin/figures: draws, wins and redemptions of a day and ever, and the units left. Wins are the units taken, so
 * one that was lost on the way counts.
 */
export const figuresRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  services,
) => {
  const { campaigns } = services;
  app.get(
    "/figures",
    {
      schema: {
        operationId: "readFigures",
        summary: "Draws, wins, redemptions and units left",
        description:
          "`today` is of the day asked for. `draws` is null where Redis does not know any more: it forgets a day two days after its end.",
        tags: ["admin"],
        querystring: FiguresQuery,
        response: {
          200: FiguresAnswer,
          ...failures({
            INVALID_REQUEST: "day: must be a date such as 2026-11-22.",
            CAMPAIGN_NOT_FOUND,
          }),
        },
      },
    },
    async ({ query }) => {
      const lane = campaigns.lane(query.campaign);
      const date = query.day ?? lane.clock.today().date;
      const data = await readFigures(services, lane, date);
      return { success: true as const, data };
    },
  );
};

/** The figures of a day. Rejects with UNAVAILABLE where Postgres is away; without Redis its counts do. */
export async function readFigures(
  { claims }: Pick<Services, "claims">,
  lane: Lane,
  date: string,
) {
  const { postgres, held } = lane;
  const { id: campaign } = held.campaign;
  const since = claims.sinceOf(lane);
  const [table, counts, redeemed, expired] = await Promise.all([
    readPrizeTable(postgres, campaign),
    readCounts(lane, date),
    countRedeemed(postgres, campaign, date, since),
    since === undefined ? 0 : countExpired(lane, since),
  ]);
  const prizes = withUnits(table.prizes, counts);
  const wins = { today: 0, ever: 0 };
  for (const { taken_today, taken_total } of prizes) {
    wins.today += taken_today;
    wins.ever += taken_total;
  }
  const isExpired = since !== undefined && date < since;
  return {
    date,
    today: {
      draws: drawsOf(counts.draws.today, wins.today),
      wins: wins.today,
      redemptions: redeemed.of_day,
      forfeited: isExpired ? wins.today - redeemed.of_day : 0,
    },
    ever: {
      draws: drawsOf(counts.draws.total, wins.ever),
      wins: wins.ever,
      redemptions: redeemed.ever,
      forfeited: Math.max(0, expired - redeemed.expired),
    },
    prizes,
  };
}

/** Redis counts draws anew after it lost its data: there were at least as many as wins. */
const drawsOf = (draws: number | undefined, wins: number) =>
  draws === undefined ? null : Math.max(draws, wins);

type Redeemed = { of_day: number; ever: number; expired: number };

/** Redeemed wins of a day, ever, and of the days before `since`. */
async function countRedeemed(
  postgres: Postgres,
  campaign: string,
  date: string,
  since = "-infinity",
): Promise<Redeemed> {
  const [row] = await postgres.query(
    (sql) => sql<Redeemed[]>`
      select coalesce(sum(count), 0)::float8 as ever,
        coalesce(sum(count) filter (where draw_date = ${date}::text::date), 0)::float8 as of_day,
        coalesce(sum(count) filter (where draw_date < ${since}::text::date), 0)::float8 as expired
      from redemption_count
      where campaign_id = ${campaign}`,
  );
  return row as Redeemed;
}

/** Wins of the days before `since`, from the ends of an index, one probe a prize and day. The units of several shards have gaps: those are counted. */
async function countExpired(
  { postgres, held, everywhere }: Lane,
  since: string,
): Promise<number> {
  const { id: campaign } = held.campaign;
  if (everywhere.length > 1) {
    const [row] = await postgres.query(
      (sql) => sql<{ count: number }[]>`
        select count(*)::float8 as count from result where campaign_id = ${campaign} and draw_date < ${since}::text::date`,
    );
    return row?.count ?? 0;
  }
  const [row] = await postgres.query(
    (sql) => sql<{ count: number }[]>`
      select coalesce(sum(of_day.count), 0)::float8 as count
      from prize p
      cross join lateral (
        select min(draw_date) as first from result where prize_id = p.id and campaign_id = p.campaign_id
      ) began
      cross join lateral generate_series(began.first::timestamp, ${since}::text::date - interval '1 day', '1 day') day
      cross join lateral (
        select max(day_unit) as count from result
        where prize_id = p.id and campaign_id = p.campaign_id and draw_date = day::date
      ) of_day
      where p.campaign_id = ${campaign}`,
  );
  return row?.count ?? 0;
}
