import Type, { type TProperties } from "typebox";

const Uuid = Type.String({
  pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
});
// Their lengths and forms are checked by input.ts.
const Username = Type.String();
const Phone = Type.String();
const Moment = Type.String();
const Nullable = <T extends Type.TSchema>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const strict = { additionalProperties: false };

const success = <T extends TProperties>(properties: T) =>
  Type.Object({ success: Type.Literal(true), ...properties });

export const Failed = Type.Object({
  success: Type.Literal(false),
  error: Type.String(),
  code: Type.String(),
});

export const DrawBody = Type.Object({ username: Username }, strict);

export const DrawHeaders = Type.Object({
  "idempotency-key": Type.Optional(Type.String({ pattern: "^[!-~]{1,255}$" })),
});

const ResultFields = {
  id: Type.String(),
  user_id: Type.String(),
  prize_id: Type.String(),
  created_at: Moment,
};

const NotWon = Type.Object({ message: Type.String(), resets_at: Moment });

/** A win has `result`; no prize and a second draw have `resets_at` and the same object under `message`. */
export const Drawn = success({
  data: Type.Object({
    message: Type.String(),
    result: Type.Optional(Type.Object(ResultFields)),
    resets_at: Type.Optional(Moment),
  }),
  message: Type.Optional(NotWon),
});

export const RedeemFields = Type.Object(
  {
    id: Uuid,
    username: Username,
    phone_no: Type.Optional(Phone),
    phoneNumber: Type.Optional(Phone),
  },
  strict,
);

export const RedeemedAnswer = success({
  data: Type.Object({
    message: Type.String(),
    result: Type.Object({
      ...ResultFields,
      phone_no: Nullable(Type.String()),
      redeemed_at: Moment,
    }),
  }),
});

const Quota = Nullable(Type.Integer());

export const PrizesAnswer = success({
  data: Type.Object({
    date: Type.String(),
    resets_at: Moment,
    prizes: Type.Array(
      Type.Object({
        id: Type.String(),
        title: Type.String(),
        probability: Type.Number(),
        daily_quota: Quota,
        total_quota: Quota,
        left_today: Quota,
        left_total: Quota,
      }),
    ),
  }),
});

export const Health = Type.Object({ status: Type.Literal("ok") });

export const Readiness = Type.Object({
  ready: Type.Boolean(),
  problems: Type.Array(Type.String()),
});
