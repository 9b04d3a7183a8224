import Type, { type Static } from "typebox";
import { NO_STORE, Nullable, strict, success } from "../../schemas.js";
import { Count, Day, PrizeId, Yes } from "../schemas.js";

const Quota = (description: string) =>
  Nullable(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }), {
    description: `${description}; null means unlimited.`,
  });

const ODDS =
  "Odds of one draw, from 0 to 1; those of the active prizes sum to 1 at most.";

const editable = {
  title: Type.String({
    pattern: "^(?=.*\\S)[^\\p{Cc}\\p{Cs}]{1,200}$",
    description: "1 to 200 visible characters, as winners read it.",
  }),
  probability: Type.Number({ minimum: 0, maximum: 1, description: ODDS }),
  daily_quota: Quota("Units a day"),
  total_quota: Quota("Units in all"),
  active: Type.Boolean({ description: "Whether it can be won." }),
};

const MUG = {
  id: "MUG",
  title: "Mug",
  probability: 0.1,
  daily_quota: 20,
  total_quota: 200,
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
  {
    ...strict,
    title: "PrizeFields",
    description:
      "A whole prize. A quota that is left out is unlimited; it is active unless it says otherwise.",
    examples: [MUG, { id: "PEN", title: "Pen", probability: 0.05 }],
  },
);

export type PrizeFields = Static<typeof PrizeFields>;

/** What is given of a prize changes. */
export const PrizeEdit = Type.Partial(Type.Object(editable), {
  ...strict,
  minProperties: 1,
  title: "PrizeEdit",
  examples: [
    { probability: 0.01 },
    { title: "$5 Coupon", daily_quota: null, total_quota: 800 },
  ],
});

export const PrizeTableFields = Type.Object(
  { prizes: Type.Array(PrizeFields, { minItems: 1, maxItems: 1_000 }) },
  {
    ...strict,
    title: "PrizeTableFields",
    examples: [
      { prizes: [MUG, { id: "PEN", title: "Pen", probability: 0.05 }] },
    ],
  },
);

export const PrizePath = Type.Object({
  id: Type.String({ ...PrizeId, examples: ["FIVE_DOLLAR"] }),
});

export const Preview = Type.Object(
  { preview: Yes("Check all, save nothing; the answer is what would be.") },
  strict,
);

const IfMatch = Type.String({
  description:
    "The ETag of the prizes that the change is meant for, or `*` for whatever stands.",
  examples: ["*"],
});

const ChangedBy = Type.Optional(
  Type.String({
    pattern: "^[!-~](?:[ -~]{0,62}[!-~])?$",
    description:
      "Who changes it, for the history: 1 to 64 printable ASCII characters.",
    examples: ["Ann"],
  }),
);

export const CreateHeaders = Type.Object({
  "if-match": Type.Optional(IfMatch),
  "x-changed-by": ChangedBy,
});

/** The route answers for a missing If-Match, with a status of its own. */
export const ChangeHeaders = Type.Object(CreateHeaders.properties, {
  "x-described-as": Type.Object({
    "if-match": IfMatch,
    "x-changed-by": ChangedBy,
  }),
});

/** A prize with its units. */
export const Standing = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    probability: Type.Number({ description: ODDS }),
    daily_quota: Count("Units a day; null means unlimited."),
    total_quota: Count("Units in all; null means unlimited."),
    active: editable.active,
    taken_today: Type.Integer({ description: "Units won on `date`." }),
    taken_total: Type.Integer({ description: "Units won in all." }),
    left_today: Count(
      "Units that can still go on `date`; null means unlimited.",
    ),
    left_total: Count("Units left in all; null means unlimited."),
  },
  { title: "Standing", description: "A prize with its units." },
);

export const STANDING = {
  id: "FIVE_DOLLAR",
  title: "$5 Cash Coupon",
  probability: 0.005,
  daily_quota: 100,
  total_quota: 500,
  active: true,
  taken_today: 3,
  taken_total: 41,
  left_today: 97,
  left_total: 459,
};

const TABLE = {
  version: "1795572813371337",
  preview: false,
  date: "2026-11-22",
  sum_of_odds: 0.005,
  chance_of_no_prize: 0.995,
  in_force: true,
  problem: null,
  prizes: [STANDING],
};

/** What every call on prizes answers. */
export const PrizeTableAnswer = success(
  {
    data: Type.Object(
      {
        version: Type.String({
          description: "Moves with every change; the ETag without its quotes.",
        }),
        preview: Type.Boolean({
          description: "Nothing was saved: this is what would be.",
        }),
        date: Day,
        sum_of_odds: Type.Number({ description: "Of the active prizes." }),
        chance_of_no_prize: Type.Number({
          description: "Of a draw, while no prize is sold out.",
        }),
        in_force: Type.Boolean({
          description: "Draws go by these prizes; never in a preview.",
        }),
        problem: Nullable(Type.String(), {
          description: "Why they are not in force; null in a preview.",
        }),
        prizes: Type.Array(Standing, {
          description: "All, inactive ones too, by id.",
        }),
      },
      { title: "PrizeTable" },
    ),
  },
  {
    title: "PrizeTableAnswer",
    "x-response-description": "The prizes as they are, or would be.",
    headers: {
      ...NO_STORE,
      ETag: {
        type: "string",
        pattern: '^"[0-9]+"$',
        description: "The version in quotes, for If-Match.",
        examples: ['"1795572813371337"'],
      },
    },
    "x-examples": {
      saved: { value: { success: true, data: TABLE } },
      preview: {
        value: {
          success: true,
          data: { ...TABLE, preview: true, in_force: false },
        },
      },
    },
  },
);
