import Type from "typebox";
import {
  CampaignParameter,
  EXAMPLE_RESULT,
  Moment,
  NextCursor,
  NO_STORE,
  Nullable,
  RESULT_ID,
  strict,
  success,
  Uuid,
} from "../../http/schemas/common.js";
import { State } from "../../results/claim.js";
import { Day, DayParameter, Limit, PrizeParameter, Yes } from "./common.js";

const filters = {
  campaign: CampaignParameter,
  day: DayParameter,
  prize_id: PrizeParameter,
  state: Type.Optional({
    ...State,
    description: "Only those in this state.",
    examples: ["open"],
  }),
  phones: Yes("With the winners' phone numbers."),
};

export const CsvQuery = Type.Object(filters, strict);

export const ResultsQuery = Type.Object(
  {
    ...filters,
    // Their forms are checked by input.ts.
    username: Type.Optional(
      Type.String({
        description: "Only this user's, over all days unless there is a `day`.",
        examples: ["test"],
      }),
    ),
    phone_no: Type.Optional(
      Type.String({
        description:
          "Only those redeemed with this number, in any form that libphonenumber reads.",
        examples: ["+85299999999"],
      }),
    ),
    id: Type.Optional({
      ...Uuid,
      description: "Only this one.",
      examples: [RESULT_ID],
    }),
    cursor: Type.Optional(
      Type.String({
        description:
          "`next_cursor` of the page before, with the same other parameters.",
      }),
    ),
    limit: Limit,
  },
  strict,
);

const FoundResult = Type.Object(
  {
    id: Type.String({ format: "uuid" }),
    user_id: Type.String(),
    campaign_id: Type.String(),
    prize_id: Type.String(),
    title: Type.String({ description: "The prize's, as it is now." }),
    draw_date: Day,
    draw_no: Type.Integer({
      description: "Which of the user's draws of that day it was, from 1 on.",
    }),
    unit: Type.Integer({
      description: "Which unit of its prize it is, from 1 on, over all days.",
    }),
    day_unit: Type.Integer({
      description: "Which unit of its prize it is, from 1 on, of that day.",
    }),
    created_at: Moment,
    state: {
      ...State,
      description:
        "Forfeited is what was not redeemed in time, where `CLAIM_DAYS` is set.",
    },
    redeemed_at: Nullable(Type.String()),
    phone_no: Type.Optional(
      Nullable(Type.String(), {
        description:
          "In E.164, null where there is none; only with `phones=yes`.",
      }),
    ),
  },
  { title: "FoundResult" },
);

export const ResultsAnswer = success(
  {
    data: Type.Object({
      date: Nullable(Type.String(), {
        description: "The campaign day; null where all days were searched.",
      }),
      results: Type.Array(FoundResult),
      next_cursor: NextCursor,
    }),
  },
  {
    title: "ResultsAnswer",
    description: "A page of wins.",
    headers: NO_STORE,
    examples: [
      {
        success: true,
        data: {
          date: "2026-11-22",
          results: [
            {
              ...EXAMPLE_RESULT,
              campaign_id: "default",
              title: "$5 Cash Coupon",
              draw_date: "2026-11-22",
              draw_no: 1,
              unit: 41,
              day_unit: 3,
              state: "open",
              redeemed_at: null,
            },
          ],
          next_cursor: null,
        },
      },
    ],
  },
);

const CSV = `id,user_id,prize_id,title,draw_date,unit,day_unit,created_at,state,redeemed_at\r
${RESULT_ID},test,FIVE_DOLLAR,$5 Cash Coupon,2026-11-22,41,3,2026-11-22T09:41:44.397Z,open,\r
`;

export const ResultsCsv = {
  description:
    "A row a win under a row of names, by prize, the latest unit first.",
  headers: {
    ...NO_STORE,
    "Content-Disposition": {
      type: "string",
      examples: ['attachment; filename="winners-2026-11-22.csv"'],
    },
    "X-Total-Count": {
      type: "integer",
      required: false,
      description: "At most so many rows follow; not with a `state`.",
      examples: [41],
    },
  },
  content: { "text/csv": { schema: Type.String(), example: CSV } },
};
