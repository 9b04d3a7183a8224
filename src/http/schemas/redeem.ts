import Type from "typebox";
import {
  CampaignId,
  EXAMPLE_RESULT,
  Moment,
  NO_STORE,
  Nullable,
  RESULT_ID,
  ResultFields,
  strict,
  success,
  Username,
  Uuid,
} from "./common.js";

const Phone = Nullable(Type.String(), {
  description:
    "In any form that libphonenumber reads, with its country code or as dialled in `DEFAULT_COUNTRY`; spaces, dashes and marks that nobody sees don't matter. Null is no number.",
  examples: ["+85299999999"],
});

export const RedeemFields = Type.Object(
  {
    id: {
      ...Uuid,
      description: "The id that the draw's answer gave.",
      examples: [RESULT_ID],
    },
    username: Username,
    phone_no: Type.Optional(Phone),
    phoneNumber: Type.Optional({
      ...Phone,
      description: "Another name for `phone_no`: send one of them.",
    }),
  },
  {
    ...strict,
    title: "RedeemFields",
    examples: [
      { id: RESULT_ID, username: "test", phone_no: "+85299999999" },
      { id: RESULT_ID, username: "test" },
    ],
  },
);

export const RedeemedAnswer = success(
  {
    data: Type.Object({
      message: Type.String(),
      result: Type.Object(
        {
          ...ResultFields,
          campaign_id: CampaignId,
          phone_no: Nullable(Type.String(), {
            description: "In E.164; null where the winner gave none.",
          }),
          redeemed_at: Moment,
        },
        { title: "Redeemed" },
      ),
    }),
  },
  {
    title: "RedeemedAnswer",
    description: "The win is redeemed, with this request or an earlier one.",
    headers: NO_STORE,
    examples: [
      {
        success: true,
        data: {
          message: "You have successfully redeemed your prize.",
          result: {
            ...EXAMPLE_RESULT,
            phone_no: "+85299999999",
            redeemed_at: "2026-11-22T09:43:10.002Z",
          },
        },
      },
    ],
  },
);
