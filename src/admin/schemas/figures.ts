import Type from "typebox";
import {
  CampaignParameter,
  NO_STORE,
  strict,
  success,
} from "../../http/schemas/common.js";
import { Count, Day, DayParameter } from "./common.js";
import { STANDING, Standing } from "./prize-table.js";

export const FiguresQuery = Type.Object(
  { campaign: CampaignParameter, day: DayParameter },
  strict,
);

const Figures = Type.Object(
  {
    draws: Count(
      "Null where Redis does not know any more, or does not answer.",
    ),
    wins: Type.Integer({ description: "Units taken." }),
    redemptions: Type.Integer({
      description: "How many of these wins are redeemed by now.",
    }),
    forfeited: Type.Integer({
      description:
        "How many of these wins can't be redeemed any more; only where `CLAIM_DAYS` is set.",
    }),
  },
  { title: "Figures" },
);

export const FiguresAnswer = success(
  {
    data: Type.Object({
      date: Day,
      today: Figures,
      ever: Figures,
      prizes: Type.Array(Standing),
    }),
  },
  {
    title: "FiguresAnswer",
    description: "The figures of a day, and ever.",
    headers: NO_STORE,
    examples: [
      {
        success: true,
        data: {
          date: "2026-11-22",
          today: { draws: 600, wins: 3, redemptions: 1, forfeited: 0 },
          ever: { draws: 8_200, wins: 41, redemptions: 30, forfeited: 0 },
          prizes: [STANDING],
        },
      },
    ],
  },
);
