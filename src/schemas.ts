import Type, { type TProperties, type TSchema } from "typebox";
import { type Code, STATUS } from "./errors.js";

// Only `type`, `properties` and their like reach the validator and the serializer; `title`, `description`, `examples`
// and what begins with x- are for the document of src/openapi.ts, and cost no request anything.

/** A win of the user `test` in all examples. */
const RESULT_ID = "11111111-1111-4111-8111-111111111111";

const Uuid = Type.String({
  pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
  description: "The id that the draw's answer gave.",
  examples: [RESULT_ID],
});
// Their lengths and forms are checked by input.ts.
const Username = Type.String({
  description:
    "1 to 64 characters after Unicode NFKC and trimming, no control characters.",
  examples: ["test"],
});
const Phone = Type.String({
  description:
    "In any form that libphonenumber reads, with its country code or as dialled in `DEFAULT_COUNTRY`.",
  examples: ["+85299999999"],
});
const Moment = Type.String({ format: "date-time" });
const Nullable = <T extends TSchema>(schema: T, options = {}) =>
  Type.Union([schema, Type.Null()], options);
const strict = { additionalProperties: false };

/** Headers of an answer that nobody in between may keep. */
export const NO_STORE = {
  "Cache-Control": { type: "string", const: "no-store" },
};

const success = <T extends TProperties>(properties: T, options = {}) =>
  Type.Object({ success: Type.Literal(true), ...properties }, options);

export const Failed = Type.Object(
  {
    success: Type.Literal(false),
    error: Type.String({
      description: "A sentence for people. Of a bad field: its name, a remedy.",
    }),
    code: Type.String({
      enum: Object.keys(STATUS),
      description: "For programs; never changes its meaning.",
    }),
  },
  { title: "Failed" },
);

type Failures<C extends Code> = { default: typeof Failed } & {
  [Status in (typeof STATUS)[C]]: typeof Failed;
};

/** The failures of a route's own, each with an example of its sentence, as part of its `response`. */
export function failures<C extends Code>(
  sentences: Record<C, string>,
): Failures<C> {
  const statuses: Record<string, TSchema> = { default: Failed };
  for (const code of Object.keys(sentences) as C[]) {
    const { "x-failures": others } = (statuses[STATUS[code]] ?? {}) as {
      "x-failures"?: Partial<Record<Code, string>>;
    };
    const told = { ...others, [code]: sentences[code] };
    statuses[STATUS[code]] = { ...Failed, "x-failures": told };
  }
  return statuses as Failures<C>;
}

export const DrawBody = Type.Object(
  { username: Username },
  { ...strict, title: "DrawBody", examples: [{ username: "test" }] },
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

const ResultFields = {
  id: Type.String({ format: "uuid", description: "Needed to redeem the win." }),
  user_id: Type.String({
    description: "The username after NFKC and trimming.",
  }),
  prize_id: Type.String(),
  created_at: Moment,
};

const EXAMPLE_RESULT = {
  id: RESULT_ID,
  user_id: "test",
  prize_id: "FIVE_DOLLAR",
  created_at: "2026-11-22T09:41:44.397Z",
};

const ClaimUntil = Type.Optional(
  Type.String({
    format: "date-time",
    description:
      "From this moment on it can't be redeemed; only where `CLAIM_DAYS` is set.",
  }),
);

const Result = Type.Object(
  { ...ResultFields, claim_until: ClaimUntil },
  { title: "Result" },
);

const NotWon = Type.Object({ message: Type.String(), resets_at: Moment });

const Won = success(
  { data: Type.Object({ message: Type.String(), result: Result }) },
  { title: "Won" },
);

const NotWonAnswer = success(
  { data: NotWon, message: NotWon },
  {
    title: "NotWon",
    description:
      "No prize, or a second draw of the day. `message` repeats `data`, as the published contract has it; `resets_at` is when the user may draw again.",
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
      resets_at: Type.Optional(Moment),
    }),
    message: Type.Optional(NotWon),
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

export const RedeemFields = Type.Object(
  {
    id: Uuid,
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

export const MyResultsQuery = Type.Object(
  {
    username: Username,
    limit: Type.Optional(
      Type.String({
        description: "Wins a page, from 1 to 100; 20 where it is left out.",
        examples: ["50"],
      }),
    ),
    cursor: Type.Optional(
      Type.String({ description: "`next_cursor` of the page before." }),
    ),
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
            title: Type.String(),
            draw_date: Type.String({
              format: "date",
              description: "The campaign's day of the draw, in `TIME_ZONE`.",
            }),
            state: Type.Enum(["open", "redeemed", "forfeited"], {
              description:
                "Forfeited is what was not redeemed before `claim_until`.",
            }),
            redeemed_at: Nullable(Type.String()),
            claim_until: ClaimUntil,
          },
          { title: "MyResult" },
        ),
      ),
      next_cursor: Nullable(Type.String(), {
        description: "`cursor` of the next page; null on the last one.",
      }),
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

const Quota = (description: string) =>
  Nullable(Type.Integer(), {
    description: `${description}; null means unlimited.`,
  });

export const PrizesAnswer = success(
  {
    data: Type.Object({
      date: Type.String({
        format: "date",
        description: "The campaign's day, in `TIME_ZONE`.",
      }),
      resets_at: Moment,
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
            left_today: Quota("Units that can still go today"),
            left_total: Quota("Units left in all"),
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
              left_today: 97,
              left_total: 412,
            },
            {
              id: "BUY_ONE_GET_ONE",
              title: "Buy 1 Get 1 Free Coupon",
              probability: 0.8,
              daily_quota: null,
              total_quota: null,
              left_today: null,
              left_total: null,
            },
          ],
        },
      },
    ],
  },
);

export const Health = Type.Object(
  { status: Type.Literal("ok") },
  {
    title: "Health",
    description: "The process lives.",
    examples: [{ status: "ok" }],
  },
);

const readiness = {
  ready: Type.Boolean(),
  problems: Type.Array(Type.String()),
};

export const Ready = Type.Object(readiness, {
  title: "Readiness",
  "x-response-description":
    "It can serve. A refused edit of the prizes is told, too: the last good table is in force.",
  examples: [{ ready: true, problems: [] }],
});

export const NotReady = Type.Object(readiness, {
  title: "Readiness",
  "x-response-description": "It cannot serve; `problems` says why.",
  examples: [{ ready: false, problems: ["Redis does not answer."] }],
});
