import Type from "typebox";
import {
  CampaignParameter,
  Nullable,
  strict,
} from "../../http/schemas/common.js";

export const PrizeId = Type.String({
  pattern: "^[A-Za-z0-9_.-]{1,64}$",
  description: "1 to 64 letters, digits, dots, dashes or underscores.",
});

/** Null where there is no limit, or nobody knows: the description says which. */
export const Count = (description: string) =>
  Nullable(Type.Integer(), { description });

export const Day = Type.String({
  format: "date",
  description: "A campaign day, in `TIME_ZONE`.",
});

export const DayParameter = Type.Optional(
  Type.String({
    format: "date",
    pattern: "^[12]\\d{3}-",
    description: "A campaign day, in `TIME_ZONE`; today where it is left out.",
    examples: ["2026-11-22"],
  }),
);

export const PrizeParameter = Type.Optional(
  Type.String({
    ...PrizeId,
    description: "Only those of this prize.",
    examples: ["FIVE_DOLLAR"],
  }),
);

export const Yes = (description: string) =>
  Type.Optional(Type.Literal("yes", { description, examples: ["yes"] }));

/** The query of a call that knows nothing but its campaign. */
export const CampaignQuery = Type.Object(
  { campaign: CampaignParameter },
  strict,
);

export const Limit = Type.Optional(
  Type.String({
    pattern: "^([1-9]\\d?|1\\d\\d|200)$",
    description: "Rows a page, from 1 to 200; 50 where it is left out.",
    examples: ["20"],
  }),
);
