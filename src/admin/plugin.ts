import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { ADMIN_UNAUTHENTICATED } from "../errors.js";
import { createAdminCheck } from "../http/access/admin-token.js";
import { fail } from "../http/answer-error.js";
import type { Services } from "../services.js";
import { campaignRoutes } from "./campaigns/routes.js";
import { liveRoute } from "./figures/live.js";
import { figuresRoute } from "./figures/routes.js";
import { momentRoutes } from "./moments/routes.js";
import { historyRoute } from "./prizes/history.js";
import { prizeRoutes } from "./prizes/routes.js";
import { objectionOf } from "./remedies.js";
import { resultsCsvRoute } from "./results/results-csv.js";
import { foundResultsRoute } from "./results/routes.js";
import { simulationRoute } from "./simulation/routes.js";

/** Everything under /admin; without ADMIN_TOKEN there is nothing. */
export const admin: FastifyPluginAsyncTypebox<
  Services & { prefix?: string }
> = async (app, { prefix: _, ...services }) => {
  const token = services.settings.ADMIN_TOKEN;
  if (!token) return;
  const isAdmin = createAdminCheck(token);

  app.addHook("onRequest", async (request, reply) => {
    reply.header("cache-control", "no-store");
    if (isAdmin(request.headers.authorization)) return;
    reply.header("www-authenticate", "Bearer");
    return fail(reply, "UNAUTHENTICATED", ADMIN_UNAUTHENTICATED);
  });
  app.setSchemaErrorFormatter(objectionOf);

  app.register(campaignRoutes, services);
  app.register(momentRoutes, services);
  app.register(prizeRoutes, services);
  app.register(historyRoute, services);
  app.register(foundResultsRoute, services);
  app.register(resultsCsvRoute, services);
  app.register(figuresRoute, services);
  app.register(liveRoute, services);
  app.register(simulationRoute, services);
};
