import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { failures, PrizesAnswer } from "../schemas.js";
import type { Services } from "../services.js";
import { readStock } from "../stock.js";

/** GET /prizes: the prizes in force and what is left of them. */
export const prizesRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { redis, clock },
) => {
  app.get(
    "/prizes",
    {
      schema: {
        operationId: "listPrizes",
        summary: "The prizes and what is left of them",
        description:
          "The prizes in force with their odds. What is left is as of this moment, and no promise.",
        tags: ["prizes"],
        response: { 200: PrizesAnswer, ...failures({}) },
      },
    },
    async () => {
      const { date, resetsAt } = clock.today();
      const data = {
        date,
        resets_at: resetsAt,
        prizes: await readStock(redis, clock),
      };
      return { success: true as const, data };
    },
  );
};
