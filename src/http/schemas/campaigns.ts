import Type from "typebox";
import { Moment, Nullable, success } from "./common.js";

export const CampaignsAnswer = success(
  {
    data: Type.Object({
      campaigns: Type.Array(
        Type.Object(
          {
            id: Type.String(),
            title: Type.String(),
            state: Type.Enum(["running", "announced"]),
            time_zone: Type.String({
              description: "IANA name: decides what a day is.",
            }),
            starts_at: Nullable(Moment, { description: "Null: it has begun." }),
            ends_at: Nullable(Moment, {
              description:
                "From this moment on nobody can draw; null: no end is set.",
            }),
            draws_per_day: Type.Integer({
              description: "Draws of a user on a day.",
            }),
            verifiable: Type.Boolean({
              description: "Whether anybody can check its draws: `/proof`.",
            }),
          },
          { title: "Campaign" },
        ),
      ),
    }),
  },
  {
    title: "CampaignsAnswer",
    description: "The campaigns that run or are announced.",
    headers: { "Cache-Control": { type: "string", const: "no-cache" } },
    examples: [
      {
        success: true,
        data: {
          campaigns: [
            {
              id: "default",
              title: "Lucky Draw",
              state: "running",
              time_zone: "Asia/Hong_Kong",
              starts_at: null,
              ends_at: null,
              draws_per_day: 1,
              verifiable: false,
            },
          ],
        },
      },
    ],
  },
);
