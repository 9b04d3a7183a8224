import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { createBatcher } from "../batch.js";
import { keys } from "../keys.js";
import { probePostgres, probeRedis } from "../probe.js";
import { Health, NotReady, Ready } from "../schemas/health.js";
import { failures } from "../schemas.js";
import type { Services } from "../services.js";

/** Callers who share a look. */
const MANY = 10_000;

const SLOW = "The stores take too long to answer.";

/** GET /healthz: the process lives. GET /readyz: a draw could be decided and kept now; says what is wrong. */
export const healthRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { redis, postgres, prizes },
) => {
  // One look for all who ask meanwhile: whoever floods it must not keep the stores from draws.
  const looks = createBatcher<undefined, string[]>(async (asking) => {
    const looking = [redisProblem(), probePostgres(postgres)];
    const problems = [prizes.stop(), ...(await Promise.all(looking))];
    const stops = problems.filter((problem) => problem !== undefined);
    return asking.map(() => stops);
  }, MANY);

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
      // Its answer has one shape, whatever the stores do.
      const stops = await looks.add(undefined).catch(() => [SLOW]);
      const refused = prizes.problem();
      const ready = stops.length === 0;
      // A refused edit is told but is no reason to take every server out: the last good table is in force.
      return reply
        .code(ready ? 200 : 503)
        .send({ ready, problems: refused ? [...stops, refused] : stops });
    },
  );

  async function redisProblem() {
    const problem = await probeRedis(redis);
    if (problem) return problem;
    const loaded = await redis.hexists(keys.prizes, "odds").catch(() => 1);
    return loaded ? undefined : "No prize table is in force.";
  }
};
