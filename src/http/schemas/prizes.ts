import Type from "typebox";
import {
  CampaignParameter,
  Moment,
  Nullable,
  strict,
  success,
} from "./common.js";

const Quota = (description: string) =>
  Nullable(Type.Integer(), {
    description: `${description}; null means unlimited.`,
  });

export const PrizesQuery = Type.Object({ campaign: CampaignParameter }, strict);

/** What whoever names the present ETag in If-None-Match gets. */
export const NOT_MODIFIED = Type.Null({
  description: "Nothing has changed since the ETag that If-None-Match names.",
});

export const PrizesAnswer = success(
  {
    data: Type.Object({
      date: Type.String({
        format: "date",
        description: "The campaign's day, in `TIME_ZONE`.",
      }),
      resets_at: Nullable(Moment, {
        description: "When the next day begins; null on the last one.",
      }),
      prizes: Type.Array(
        Type.Object(
          {
            id: Type.String(),
            title: Type.String(),
            probability: Type.Number({
              description: "Odds of one draw, from 0 to 1.",
            }),
            daily_quota: Quota("Units a day"),
            total_quota: Quota("Units in all"),
            fallback: Type.Boolean({
              description:
                "Whoever would get no prize gets this one, while it lasts.",
            }),
            left_today: Quota("Units that can still go today"),
            left_total: Quota("Units left in all"),
            released_today: Type.Optional(
              Type.Integer({
                description:
                  "Units of today's quota that can go by now, where they are released over the day.",
              }),
            ),
            next_release_at: Type.Optional(
              Nullable(Moment, {
                description: "When the next one can; null where all can.",
              }),
            ),
          },
          { title: "Prize" },
        ),
      ),
    }),
  },
  {
    title: "PrizesAnswer",
    description: "The prizes in force.",
    examples: [
      {
        success: true,
        data: {
          date: "2026-11-22",
          resets_at: "2026-11-23T00:00:00+08:00",
          prizes: [
            {
              id: "FIVE_DOLLAR",
              title: "$5 Cash Coupon",
              probability: 0.005,
              daily_quota: 100,
              total_quota: 500,
              fallback: false,
              left_today: 97,
              left_total: 412,
            },
            {
              id: "BUY_ONE_GET_ONE",
              title: "Buy 1 Get 1 Free Coupon",
              probability: 0.8,
              daily_quota: null,
              total_quota: null,
              fallback: false,
              left_today: null,
              left_total: null,
            },
          ],
        },
      },
    ],
  },
);
