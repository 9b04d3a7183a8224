import Type from "typebox";
import {
  CampaignParameter,
  Cursor,
  Moment,
  NextCursor,
  NO_STORE,
  Nullable,
  strict,
  success,
} from "../../http/schemas/common.js";
import { CampaignRow } from "./campaigns.js";
import { Count, Limit, PrizeParameter } from "./common.js";

export const HistoryQuery = Type.Object(
  {
    campaign: CampaignParameter,
    prize_id: PrizeParameter,
    cursor: Cursor,
    limit: Limit,
  },
  strict,
);

/** A row of `prize`. */
const PrizeRow = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    probability: Type.Number(),
    daily_quota: Count("Units a day; null means unlimited."),
    total_quota: Count("Units in all; null means unlimited."),
    active: Type.Boolean(),
    fallback: Type.Optional(
      Type.Boolean({ description: "Missing before there were fallbacks." }),
    ),
    release_from: Type.Optional(Nullable(Type.String())),
    release_to: Type.Optional(Nullable(Type.String())),
  },
  { title: "PrizeRow" },
);

/** A row of `campaign`, of before there was the one or the other, too. */
const CampaignState = Type.Object(
  {
    ...CampaignRow.properties,
    shards: Type.Optional(CampaignRow.properties.shards),
    verifiable: Type.Optional(CampaignRow.properties.verifiable),
    proof_names: Type.Optional(CampaignRow.properties.proof_names),
  },
  { title: "CampaignState" },
);

const PrizeChange = Type.Object(
  {
    id: Type.String(),
    changed_at: Moment,
    changed_by: Type.String({
      description:
        "`admin`, with the name of `X-Changed-By` where there was one, or the role or name that changed it by SQL.",
    }),
    role: Nullable(Type.String(), {
      description:
        "The database's account that changed it, whatever `changed_by` says. Null in changes from before it was noted.",
    }),
    prize_id: Nullable(Type.String(), {
      description: "Null: the campaign itself was changed.",
    }),
    before: Type.Union([PrizeRow, CampaignState, Type.Null()], {
      description: "Null: it was created.",
    }),
    after: Type.Union([PrizeRow, CampaignState, Type.Null()], {
      description: "Null: it was deleted.",
    }),
  },
  { title: "PrizeChange" },
);

const ROW = {
  id: "FIVE_DOLLAR",
  title: "$5 Cash Coupon",
  probability: 0.005,
  daily_quota: 100,
  total_quota: 500,
  active: true,
  fallback: false,
};

export const HistoryAnswer = success(
  {
    data: Type.Object({
      changes: Type.Array(PrizeChange),
      next_cursor: NextCursor,
    }),
  },
  {
    title: "HistoryAnswer",
    description: "A page of changes, newest first.",
    headers: NO_STORE,
    examples: [
      {
        success: true,
        data: {
          changes: [
            {
              id: "12",
              changed_at: "2026-11-22T02:00:00.000Z",
              changed_by: "admin: Ann",
              role: "lucky_server",
              prize_id: "FIVE_DOLLAR",
              before: ROW,
              after: { ...ROW, probability: 0.01 },
            },
          ],
          next_cursor: "MTI",
        },
      },
    ],
  },
);
