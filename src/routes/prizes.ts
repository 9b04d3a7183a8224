import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { Failed, PrizesAnswer } from "../schemas.js";
import type { Services } from "../services.js";
import { readStock } from "../stock.js";

/** GET /prizes: the prizes in force and what is left of them. */
export const prizesRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { redis, clock },
) => {
  app.get(
    "/prizes",
    { schema: { response: { 200: PrizesAnswer, default: Failed } } },
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
