import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { createBatcher } from "../batch.js";
import { keys } from "../keys.js";
import { Health, NotReady, Ready } from "../schemas/health.js";
import { failures } from "../schemas.js";
import type { Services } from "../services.js";

/** Callers who share a look. */
const MANY = 10_000;

/** GET /healthz: the process lives. GET /readyz: it can serve; says what is wrong. */
export const healthRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { redis, postgres, prizes },
) => {
  // One look for all who ask meanwhile: whoever floods it must not keep the stores from draws.
  const looks = createBatcher<undefined, string[]>(async (asking) => {
    const problems = await Promise.all([redisProblem(), postgresProblem()]);
    const stops = [...problems, prizes.stop()].filter(
      (problem) => problem !== undefined,
    );
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
        description: "Asks Redis and Postgres, and says what is wrong.",
        tags: ["operation"],
        response: { 200: Ready, 503: NotReady, ...failures({}) },
      },
    },
    async (_request, reply) => {
      const stops = await looks.add(undefined);
      const refused = prizes.problem();
      const ready = stops.length === 0;
      // A refused edit is told but is no reason to take every server out: the last good table is in force.
      return reply
        .code(ready ? 200 : 503)
        .send({ ready, problems: refused ? [...stops, refused] : stops });
    },
  );

  async function redisProblem() {
    try {
      const loaded = await redis.hexists(keys.prizes, "odds");
      return loaded ? undefined : "No prize table is in force.";
    } catch {
      return "Redis does not answer.";
    }
  }

  async function postgresProblem() {
    try {
      await postgres.query((sql) => sql`select from prize_version`);
      return undefined;
    } catch {
      return "Postgres does not answer, or its tables are missing.";
    }
  }
};
