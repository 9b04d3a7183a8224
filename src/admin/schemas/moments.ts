import Type from "typebox";
import {
  Cursor,
  Moment,
  NextCursor,
  NO_STORE,
  Nullable,
  strict,
  success,
} from "../../http/schemas/common.js";
import { Limit, PrizeId } from "./common.js";

export const MomentsQuery = Type.Object(
  { cursor: Cursor, limit: Limit },
  strict,
);

export const MomentsPrize = Type.Object(
  {
    prize_id: Type.String({
      ...PrizeId,
      description: "The prize whose unclaimed moments go.",
      examples: ["FIVE_DOLLAR"],
    }),
  },
  strict,
);

export const MomentsFields = Type.Object(
  {
    prize_id: PrizeId,
    moments: Type.Array(
      Type.String({
        pattern:
          "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,3})?)?(Z|[+-]\\d\\d:\\d\\d)$",
      }),
      { minItems: 1, maxItems: 10_000 },
    ),
  },
  {
    ...strict,
    title: "MomentsFields",
    description: "Moments of a prize of the campaign.",
    examples: [
      { prize_id: "FIVE_DOLLAR", moments: ["2099-12-24T18:00:00.000Z"] },
    ],
  },
);

const WinningMoment = Type.Object(
  {
    id: Type.String(),
    prize_id: Type.String(),
    at: Moment,
    created_at: Moment,
    created_by: Type.String(),
    result_id: Nullable(Type.String(), {
      description: "The win that claimed it; null: it is not claimed.",
    }),
  },
  {
    title: "WinningMoment",
    description: "The first draw from then on wins a unit of the prize.",
  },
);

export const MomentsAnswer = success(
  {
    data: Type.Object({
      moments: Type.Array(WinningMoment),
      next_cursor: NextCursor,
    }),
  },
  {
    title: "MomentsAnswer",
    description: "A page of winning moments, the earliest first.",
    headers: NO_STORE,
    examples: [
      {
        success: true,
        data: {
          moments: [
            {
              id: "7",
              prize_id: "FIVE_DOLLAR",
              at: "2099-12-24T18:00:00.000Z",
              created_at: "2099-11-22T02:00:00.000Z",
              created_by: "admin: Ann",
              result_id: null,
            },
          ],
          next_cursor: null,
        },
      },
    ],
  },
);

export const CertificateAnswer = success(
  {
    data: Type.Object(
      {
        campaign_id: Type.String(),
        prize_id: Type.String(),
        count: Type.Integer(),
        sha256: Type.String({
          description:
            "Of the list: a line each, `campaign prize moment`, the earliest first.",
        }),
        created_at: Moment,
        created_by: Type.String(),
      },
      { title: "Certificate" },
    ),
  },
  {
    title: "CertificateAnswer",
    description: "They are made.",
    headers: NO_STORE,
    examples: [
      {
        success: true,
        data: {
          campaign_id: "default",
          prize_id: "FIVE_DOLLAR",
          count: 1,
          sha256:
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
          created_at: "2099-11-22T02:00:00.000Z",
          created_by: "admin: Ann",
        },
      },
    ],
  },
);

export const DeletedAnswer = success(
  { data: Type.Object({ deleted: Type.Integer() }) },
  {
    title: "DeletedAnswer",
    description: "How many moments went.",
    headers: NO_STORE,
    examples: [{ success: true, data: { deleted: 0 } }],
  },
);
