import Type, { type TProperties, type TSchema } from "typebox";
import { type Code, STATUS } from "../../errors.js";

// Only `type`, `properties` and their like reach the validator and the serializer; `title`, `description`, `examples`
// and what begins with x- are for the document of src/http/openapi/describe.ts, and cost no request anything.

/** A win of the user `test` in all examples. */
export const RESULT_ID = "11111111-1111-4111-8111-111111111111";

// Their lengths and forms are checked by input.ts.
export const Username = Type.String({
  description:
    "1 to 64 characters after Unicode NFKC and trimming, no control characters, no invisible ones (joiners and variation selectors stay where a script or an emoji needs them).",
  examples: ["test"],
});
export const Moment = Type.String({ format: "date-time" });
export const Nullable = <T extends TSchema>(schema: T, options = {}) =>
  Type.Union([schema, Type.Null()], options);
export const Uuid = Type.String({
  pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
});
export const strict = { additionalProperties: false };

/** Headers of an answer that nobody in between may keep. */
export const NO_STORE = {
  "Cache-Control": { type: "string", const: "no-store" },
};

export const success = <T extends TProperties>(properties: T, options = {}) =>
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
    starts_at: Type.Optional(
      Type.String({
        format: "date-time",
        description: "Of `CAMPAIGN_NOT_STARTED`: when the draw begins.",
      }),
    ),
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

/** Which campaign; campaigns.lane() says whether there is one. Without an example, which `/docs` would fill in. */
export const CampaignParameter = Type.Optional(
  Type.String({
    description: "Id of a campaign; `default` where it is left out.",
  }),
);

/** Of a win, where it is not of the campaign `default`. */
export const CampaignId = Type.Optional(
  Type.String({
    description: "The campaign; left out where it is `default`.",
  }),
);

export const Cursor = Type.Optional(
  Type.String({ description: "`next_cursor` of the page before." }),
);

export const NextCursor = Nullable(Type.String(), {
  description: "`cursor` of the next page; null on the last one.",
});

export const ResultFields = {
  id: Type.String({ format: "uuid", description: "Needed to redeem the win." }),
  user_id: Type.String({
    description: "The username after NFKC and trimming.",
  }),
  prize_id: Type.String(),
  created_at: Moment,
};

export const EXAMPLE_RESULT = {
  id: RESULT_ID,
  user_id: "test",
  prize_id: "FIVE_DOLLAR",
  created_at: "2026-11-22T09:41:44.397Z",
};

export const ClaimUntil = Type.Optional(
  Type.String({
    format: "date-time",
    description:
      "From this moment on it can't be redeemed; only where `CLAIM_DAYS` is set.",
  }),
);
