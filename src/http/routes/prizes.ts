import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { createBatcher } from "../../batch.js";
import { unavailable } from "../../errors.js";
import { readStock, type Stock } from "../../prizes/stock.js";
import type { Services } from "../../services.js";
import { failures } from "../schemas/common.js";
import { PrizesAnswer } from "../schemas/prizes.js";

/** More than the gate lets in at once. */
const MOST_WAITING = 1_000;

/** GET /prizes: the prizes in force and what is left of them. */
export const prizesRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { redis, clock, gate, prizes },
) => {
  // One read for all who ask meanwhile: 34,000 pipelined requests with one each kept draws waiting for seconds.
  const stocks = createBatcher<undefined, Stock[]>(async (asking) => {
    const stock = await readStock(redis, clock);
    return asking.map(() => stock);
  }, MOST_WAITING);

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
      // What Redis holds is not this product's.
      const stop = prizes.stop();
      if (stop) throw unavailable(new Error(stop));
      const { date, resetsAt } = clock.today();
      const data = {
        date,
        resets_at: resetsAt,
        prizes: await gate.pass(() => stocks.add(undefined)),
      };
      return { success: true as const, data };
    },
  );
};
