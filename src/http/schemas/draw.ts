import Type from "typebox";
import {
  CampaignId,
  CampaignParameter,
  ClaimUntil,
  EXAMPLE_RESULT,
  NO_STORE,
  ResultFields,
  strict,
  success,
  Username,
} from "./common.js";

export const DrawBody = Type.Object(
  { username: Username, campaign: CampaignParameter },
  {
    ...strict,
    title: "DrawBody",
    examples: [{ username: "test" }, { username: "test", campaign: "default" }],
  },
);

export const DrawHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      pattern: "^[!-~]{1,255}$",
      description:
        "1 to 255 visible ASCII characters. The same key of the same user gets the same outcome until the end of the following day.",
      examples: ["3f0c9f4e-spin-1"],
    }),
  ),
});

const Result = Type.Object(
  { ...ResultFields, campaign_id: CampaignId, claim_until: ClaimUntil },
  { title: "Result" },
);

// One type that may be null, not a choice of two: the serializer would try a choice on each answer.
const ResetsAt = Type.Unsafe<string | null>({
  type: ["string", "null"],
  format: "date-time",
  description:
    "When the user may draw again, at the earliest; null where the campaign ends before.",
});

const DrawsLeft = Type.Optional(
  Type.Integer({
    description:
      "Draws that the user has left today; only where a campaign gives several.",
  }),
);

const NotWon = Type.Object({
  message: Type.String(),
  resets_at: ResetsAt,
  draws_left: DrawsLeft,
});

const Won = success(
  {
    data: Type.Object({
      message: Type.String(),
      result: Result,
      draws_left: DrawsLeft,
    }),
  },
  { title: "Won" },
);

const NotWonAnswer = success(
  { data: NotWon, message: NotWon },
  {
    title: "NotWon",
    description:
      "No prize, or a second draw of the day. `message` repeats `data`, as the published contract has it; `resets_at` is when the user may draw again, null on the campaign's last day.",
  },
);

const Receipt = Type.Object(
  {
    line: Type.String({ description: "The line of the day's log." }),
    index: Type.Integer({
      description: "Its place among the lines that the note is of.",
    }),
    path: Type.Array(Type.String(), {
      description: "From its hash to the root, hexadecimal digits.",
    }),
    note: Type.String({ description: "A signed note of the root." }),
  },
  {
    title: "Receipt",
    description:
      "Proves later that this draw was decided so; only where the campaign is verifiable.",
  },
);

const notWon = (message: string) => {
  const data = { message, resets_at: "2026-11-23T00:00:00+08:00" };
  return { value: { success: true, data, message: data } };
};

/** A win has `result`; no prize and a second draw have `resets_at` and the same object under `message`. */
export const Drawn = success(
  {
    data: Type.Object({
      message: Type.String(),
      result: Type.Optional(Result),
      resets_at: Type.Optional(ResetsAt),
      draws_left: DrawsLeft,
    }),
    message: Type.Optional(NotWon),
    receipt: Type.Optional(Receipt),
    proof: Type.Optional(
      Type.String({
        description:
          "Of a win that is repeated in a verifiable campaign: the path of its proof.",
      }),
    ),
  },
  {
    title: "Drawn",
    description: "The draw is decided.",
    headers: NO_STORE,
    // The serializer is faster with one flat form than with a choice.
    "x-described-as": { oneOf: [Won, NotWonAnswer] },
    "x-examples": {
      won: {
        value: {
          success: true,
          data: {
            message: "Congratulations! You have won a $5 Cash Coupon!",
            result: EXAMPLE_RESULT,
          },
        },
      },
      no_prize: notWon("Unlucky! Please try again tomorrow!"),
      participated: notWon(
        "You have already participated. Please come back tomorrow!",
      ),
    },
  },
);
