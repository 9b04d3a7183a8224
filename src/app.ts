import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, {
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from "fastify";
import { answerError, answerUnparsable, fail } from "./failures.js";
import { drawRoute } from "./routes/draw.js";
import { healthRoutes } from "./routes/health.js";
import { prizesRoute } from "./routes/prizes.js";
import { redeemRoute } from "./routes/redeem.js";
import type { Services } from "./services.js";

export type App = ReturnType<typeof buildApp>;

/** The HTTP front: routes, limits, and one shape for every failure. */
export function buildApp(
  services: Services,
  logger: FastifyServerOptions["loggerInstance"],
) {
  const app = Fastify({
    ...(logger && { loggerInstance: logger }),
    // A request line holds usernames and, for GET /redeem, phone numbers.
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    bodyLimit: 4096,
    requestTimeout: 5_000,
    connectionTimeout: 10_000,
    frameworkErrors: (error, _request, reply) => {
      fail(reply, "INVALID_REQUEST", `url: ${error.message}`);
    },
    clientErrorHandler: (_error, socket) => answerUnparsable(socket),
    ajv: {
      // Nothing is bent into shape: 5 is not a username, and an unknown field is somebody's typing error.
      customOptions: { coerceTypes: false, removeAdditional: false },
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.addHttpMethod("GET", { hasBody: true, overrideExisting: true });
  acceptJsonOnly(app);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    fail(reply, "NOT_FOUND", `There is no ${request.method} on this path.`),
  );

  app.register(drawRoute, services);
  app.register(redeemRoute, services);
  app.register(prizesRoute, services);
  app.register(healthRoutes, services);
  return app;
}

/** Only JSON is read; a GET may name the type and bring no body. */
function acceptJsonOnly(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    "application/json",
    { parseAs: "string" },
    (request, body, done) => {
      if (body === "" && request.method === "GET") done(null);
      else parse(request, body, done);
    },
  );
}
