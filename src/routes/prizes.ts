import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { Failed, PrizesAnswer } from "../schemas.js";
import type { Services } from "../services.js";

/** GET /prizes: the prizes in force and what is left of them. */
export const prizesRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { prizes, clock },
) => {
  app.get(
    "/prizes",
    { schema: { response: { 200: PrizesAnswer, default: Failed } } },
    async () => {
      const { date, resetsAt } = clock.today();
      const data = { date, resets_at: resetsAt, prizes: await prizes.stock() };
      return { success: true as const, data };
    },
  );
};
