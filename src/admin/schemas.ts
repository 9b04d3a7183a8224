import Type, { type Static, type TProperties } from "typebox";

const strict = { additionalProperties: false };
const Nullable = <T extends Type.TSchema>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const success = <T extends TProperties>(properties: T) =>
  Type.Object({
    success: Type.Literal(true),
    data: Type.Object(properties),
  });

const PrizeId = Type.String({ pattern: "^[A-Za-z0-9_.-]{1,64}$" });
const Count = Nullable(Type.Integer());
const Moment = Type.String();

const editable = {
  title: Type.String({
    pattern: "^(?=.*\\S)[^\\p{Cc}\\p{Cs}]{1,200}$",
  }),
  probability: Type.Number({ minimum: 0, maximum: 1 }),
  daily_quota: Nullable(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
  total_quota: Nullable(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
  active: Type.Boolean(),
};

/** A whole prize; quotas that are left out are unlimited, and it is active unless it says otherwise. */
export const PrizeFields = Type.Object(
  {
    id: PrizeId,
    title: editable.title,
    probability: editable.probability,
    daily_quota: Type.Optional(editable.daily_quota),
    total_quota: Type.Optional(editable.total_quota),
    active: Type.Optional(editable.active),
  },
  strict,
);

export type PrizeFields = Static<typeof PrizeFields>;

/** What is given of a prize changes. */
export const PrizeEdit = Type.Partial(Type.Object(editable), {
  ...strict,
  minProperties: 1,
});

export const PrizeTableFields = Type.Object(
  { prizes: Type.Array(PrizeFields, { minItems: 1, maxItems: 1_000 }) },
  strict,
);

export const PrizePath = Type.Object({ id: PrizeId });

export const Preview = Type.Object(
  { preview: Type.Optional(Type.Literal("yes")) },
  strict,
);

export const ChangeHeaders = Type.Object({
  "if-match": Type.Optional(Type.String()),
  "x-changed-by": Type.Optional(
    Type.String({ pattern: "^[!-~](?:[ -~]{0,62}[!-~])?$" }),
  ),
});

/** A prize with its units; null is unlimited. */
const Standing = Type.Object({
  id: Type.String(),
  title: Type.String(),
  probability: Type.Number(),
  daily_quota: Count,
  total_quota: Count,
  active: Type.Boolean(),
  taken_today: Type.Integer(),
  taken_total: Type.Integer(),
  left_today: Count,
  left_total: Count,
});

export const PrizeTableAnswer = success({
  version: Type.String(),
  preview: Type.Boolean(),
  date: Type.String(),
  sum_of_odds: Type.Number(),
  chance_of_no_prize: Type.Number(),
  in_force: Type.Boolean(),
  problem: Nullable(Type.String()),
  prizes: Type.Array(Standing),
});

const Cursor = Type.Optional(Type.String());
const Limit = Type.Optional(
  Type.String({ pattern: "^([1-9]\\d?|1\\d\\d|200)$" }),
);
const Day = Type.Optional(
  Type.String({ format: "date", pattern: "^[12]\\d{3}-" }),
);
const State = Type.Enum(["open", "redeemed", "forfeited"]);
const Yes = Type.Optional(Type.Literal("yes"));

export const HistoryQuery = Type.Object(
  { prize_id: Type.Optional(PrizeId), cursor: Cursor, limit: Limit },
  strict,
);

const Before = Nullable(Type.Object({}, { additionalProperties: true }));

export const HistoryAnswer = success({
  changes: Type.Array(
    Type.Object({
      id: Type.String(),
      changed_at: Moment,
      changed_by: Type.String(),
      prize_id: Type.String(),
      before: Before,
      after: Before,
    }),
  ),
  next_cursor: Nullable(Type.String()),
});

const filters = {
  day: Day,
  prize_id: Type.Optional(PrizeId),
  state: Type.Optional(State),
  phones: Yes,
};

export const CsvQuery = Type.Object(filters, strict);

export const ResultsQuery = Type.Object(
  {
    ...filters,
    // Their forms are checked by input.ts.
    username: Type.Optional(Type.String()),
    phone_no: Type.Optional(Type.String()),
    id: Type.Optional(
      Type.String({
        pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
      }),
    ),
    cursor: Cursor,
    limit: Limit,
  },
  strict,
);

const Found = Type.Object({
  id: Type.String(),
  user_id: Type.String(),
  prize_id: Type.String(),
  title: Type.String(),
  draw_date: Type.String(),
  unit: Type.Integer(),
  day_unit: Type.Integer(),
  created_at: Moment,
  state: State,
  redeemed_at: Nullable(Moment),
  phone_no: Type.Optional(Nullable(Type.String())),
});

export const ResultsAnswer = success({
  date: Nullable(Type.String()),
  results: Type.Array(Found),
  next_cursor: Nullable(Type.String()),
});

export const FiguresQuery = Type.Object({ day: Day }, strict);

const Figures = Type.Object({
  draws: Count,
  wins: Type.Integer(),
  redemptions: Type.Integer(),
  forfeited: Type.Integer(),
});

export const FiguresAnswer = success({
  date: Type.String(),
  today: Figures,
  ever: Figures,
  prizes: Type.Array(Standing),
});
