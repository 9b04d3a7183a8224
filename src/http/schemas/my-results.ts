import Type from "typebox";
import { State } from "../../results/claim.js";
import {
  CampaignId,
  CampaignParameter,
  ClaimUntil,
  Cursor,
  EXAMPLE_RESULT,
  NextCursor,
  NO_STORE,
  Nullable,
  ResultFields,
  strict,
  success,
  Username,
} from "./common.js";

export const MyResultsQuery = Type.Object(
  {
    username: Username,
    campaign: CampaignParameter,
    limit: Type.Optional(
      Type.String({
        description: "Wins a page, from 1 to 100; 20 where it is left out.",
        examples: ["50"],
      }),
    ),
    cursor: Cursor,
  },
  strict,
);

export const MyResultsAnswer = success(
  {
    data: Type.Object({
      results: Type.Array(
        Type.Object(
          {
            ...ResultFields,
            campaign_id: CampaignId,
            title: Type.String(),
            draw_date: Type.String({
              format: "date",
              description: "The campaign's day of the draw, in `TIME_ZONE`.",
            }),
            state: {
              ...State,
              description:
                "Forfeited is what was not redeemed before `claim_until`.",
            },
            redeemed_at: Nullable(Type.String()),
            claim_until: ClaimUntil,
          },
          { title: "MyResult" },
        ),
      ),
      next_cursor: NextCursor,
    }),
  },
  {
    title: "MyResultsAnswer",
    description: "A page of the user's wins, newest first.",
    headers: NO_STORE,
    examples: [
      {
        success: true,
        data: {
          results: [
            {
              ...EXAMPLE_RESULT,
              title: "$5 Cash Coupon",
              draw_date: "2026-11-22",
              state: "open",
              redeemed_at: null,
              claim_until: "2026-12-23T00:00:00+08:00",
            },
          ],
          next_cursor: null,
        },
      },
    ],
  },
);
