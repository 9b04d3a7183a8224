import Type, { type Static } from "typebox";
import {
  CampaignParameter,
  Nullable,
  strict,
} from "../../http/schemas/common.js";
import { PrizeId, Yes } from "./common.js";

const Quota = (description: string) =>
  Nullable(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }), {
    description: `${description}; null means unlimited.`,
  });

export const ODDS =
  "Odds of one draw, from 0 to 1; those of the active prizes sum to 1 at most.";

export const FALLBACK =
  "Whoever would get no prize gets this one, while it lasts. Only one active prize can be the fallback.";

/** Controls, halves of characters, private and missing ones, ends of lines, and marks that turn or hide a text or are seen by nobody. */
const NOT_IN_TITLE =
  "\\p{Cc}\\p{Cs}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}\\u115f\\u1160\\u200b\\u202a-\\u202e\\u2060-\\u2065\\u206a-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffd";

const VISIBLE = "[^\\s\\p{C}\\p{Default_Ignorable_Code_Point}\\u2800]";

const TimeOfDay = (description: string) =>
  Nullable(
    Type.String({ pattern: "^(([01]\\d|2[0-3]):[0-5]\\d|24:00)(:00)?$" }),
    {
      description: `${description}, in the campaign's zone, such as 09:00; null: all of it is there at midnight.`,
    },
  );

export const editable = {
  title: Type.String({
    // Emoji to come are known, though they have no character yet.
    pattern: `^(?=.*${VISIBLE})(?:[^${NOT_IN_TITLE}]|\\p{Extended_Pictographic}){1,200}$`,
    description: "1 to 200 visible characters, as winners read it.",
  }),
  probability: Type.Number({ minimum: 0, maximum: 1, description: ODDS }),
  daily_quota: Quota("Units a day"),
  total_quota: Quota("Units in all"),
  active: Type.Boolean({ description: "Whether it can be won." }),
  fallback: Type.Boolean({ description: FALLBACK }),
  release_from: TimeOfDay("From when on the daily quota is released, evenly"),
  release_to: TimeOfDay("Until when"),
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
    fallback: Type.Optional(editable.fallback),
    release_from: Type.Optional(editable.release_from),
    release_to: Type.Optional(editable.release_to),
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
  {
    campaign: CampaignParameter,
    preview: Yes("Check all, save nothing; the answer is what would be."),
  },
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
