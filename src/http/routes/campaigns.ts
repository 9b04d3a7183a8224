import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { phaseOf } from "../../prizes/campaign.js";
import type { Services } from "../../services.js";
import { CampaignsAnswer } from "../schemas/campaigns.js";
import { failures } from "../schemas/common.js";

/** GET /campaigns: those that run or are announced. */
export const campaignsRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { campaigns, clock, settings },
) => {
  app.get(
    "/campaigns",
    {
      schema: {
        operationId: "listCampaigns",
        summary: "The campaigns that run or are announced",
        description:
          "With their dates and zones. Name one as `campaign` in the other calls.",
        tags: ["prizes"],
        response: { 200: CampaignsAnswer, ...failures({}) },
      },
    },
    async (_request, reply) => {
      const now = clock.now();
      const moment = (at: number | null) =>
        at === null ? null : new Date(at).toISOString();
      const shown = campaigns.all().flatMap((it) => {
        const state = phaseOf(it, now);
        if (state !== "running" && state !== "announced") return [];
        const { id, title, draws_per_day, verifiable } = it;
        const time_zone = it.time_zone ?? settings.TIME_ZONE;
        const [starts_at, ends_at] = [moment(it.starts_at), moment(it.ends_at)];
        const dates = { time_zone, starts_at, ends_at, draws_per_day };
        return { id, title, state, ...dates, verifiable };
      });
      reply.header("cache-control", "no-cache");
      return { success: true as const, data: { campaigns: shown } };
    },
  );
};
