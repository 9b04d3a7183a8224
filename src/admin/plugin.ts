import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { createAdminCheck } from "../access/admin-token.js";
import { ADMIN_UNAUTHENTICATED } from "../errors.js";
import { fail } from "../failures.js";
import type { Services } from "../services.js";
import { figuresRoute } from "./figures.js";
import { historyRoute } from "./history.js";
import { liveRoute } from "./live.js";
import { prizeRoutes } from "./prizes.js";
import { objectionOf } from "./remedies.js";
import { foundResultsRoute } from "./results.js";
import { resultsCsvRoute } from "./results-csv.js";
import { simulationRoute } from "./simulation.js";

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

  app.register(prizeRoutes, services);
  app.register(historyRoute, services);
  app.register(foundResultsRoute, services);
  app.register(resultsCsvRoute, services);
  app.register(figuresRoute, services);
  app.register(liveRoute, services);
  app.register(simulationRoute, services);
};
