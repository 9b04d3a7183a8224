import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { probePostgres, probeRedis } from "../../engine/probe.js";
import type { Services } from "../../services.js";
import { failures } from "../schemas/common.js";
import { Health, NotReady, Ready } from "../schemas/health.js";
import { shared } from "../shared.js";

const STOPPING = "This server is about to stop.";

/** GET /healthz: the process lives. GET /readyz: a draw could be decided and kept now; says what is wrong. */
export const healthRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { redis, postgres, campaigns, draining },
) => {
  // One look for all who ask meanwhile: a flood of requests must not take the stores from the draws. They share the
  // look under way: waiting for the next one would cost them a silent store's timeout twice, three seconds.
  const look = shared(async () => {
    const looking = [
      probeRedis(redis),
      tableProblem(),
      probePostgres(postgres),
    ];
    const stops = campaigns.watched().map(({ prizes }) => prizes.stop());
    const problems = [...new Set(stops), ...(await Promise.all(looking))];
    return problems.filter((problem) => problem !== undefined);
  });

  app.get(
    "/healthz",
    {
      schema: {
        operationId: "health",
        summary: "Whether the process lives",
        description: "Asks no store.",
        tags: ["operation"],
        response: { 200: Health, ...failures({}) },
      },
    },
    async () => ({ status: "ok" as const }),
  );

  app.get(
    "/readyz",
    {
      schema: {
        operationId: "readiness",
        summary: "Whether it can serve",
        description:
          "Whether a draw could be decided and kept now: tries it on both stores, and says what is wrong.",
        tags: ["operation"],
        response: { 200: Ready, 503: NotReady, ...failures({}) },
      },
    },
    async (_request, reply) => {
      const stops = draining() ? [STOPPING] : await look();
      const refused = campaigns
        .watched()
        .map(({ prizes }) => prizes.problem())
        .filter((problem) => problem !== undefined);
      const ready = stops.length === 0;
      // A refused edit is told but is no reason to take every server out: the last good table is in force.
      return reply
        .code(ready ? 200 : 503)
        .send({ ready, problems: [...stops, ...refused] });
    },
  );

  async function tableProblem() {
    // Where Redis can't say, the probe tells why.
    const loaded = await redis
      .hexists(campaigns.lane().keys.prizes, "odds")
      .catch(() => 1);
    return loaded ? undefined : "No prize table is in force.";
  }
};
