import Type from "typebox";
import { NO_STORE, Nullable, success } from "../../http/schemas/common.js";
import { Count, Day } from "./common.js";
import { FALLBACK, ODDS } from "./prizes.js";

const ReleaseTime = Nullable(Type.String(), {
  description: "Local time of day; null: all of it is there at midnight.",
});

/** A prize with its units. */
export const Standing = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    probability: Type.Number({ description: ODDS }),
    daily_quota: Count("Units a day; null means unlimited."),
    total_quota: Count("Units in all; null means unlimited."),
    active: Type.Boolean({ description: "Whether it can be won." }),
    fallback: Type.Boolean({ description: FALLBACK }),
    release_from: ReleaseTime,
    release_to: ReleaseTime,
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
  fallback: false,
  release_from: null,
  release_to: null,
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
          description:
            "Of a draw, while no prize is sold out; 0 where there is a fallback.",
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
