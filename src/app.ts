import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, { type FastifyServerOptions, LogController } from "fastify";
import { admin } from "./admin/plugin.js";
import { createReaderCheck, knowCaller } from "./http/access/caller.js";
import { limitAddresses, limitUsers } from "./http/access/limits.js";
import { createUserCheck } from "./http/access/token.js";
import { trustedOf } from "./http/access/trusted.js";
import { answerError, fail } from "./http/answer-error.js";
import { acceptJsonOnly } from "./http/bodies.js";
import { boundConnections } from "./http/connections/bound.js";
import { letGo } from "./http/connections/let-go.js";
import { serveInLine } from "./http/connections/lines.js";
import { takeTurns } from "./http/connections/turns.js";
import {
  answerUnparsable,
  leaveNothingToNode,
} from "./http/connections/unparsable.js";
import { answerOtherMethods } from "./http/methods.js";
import { describeApi } from "./http/openapi/describe.js";
import { docs } from "./http/pages/docs.js";
import { pages } from "./http/pages/serve.js";
import { refuseWhenFull } from "./http/refuse.js";
import { countRefusal, observeRequests } from "./http/requests.js";
import { campaignsRoute } from "./http/routes/campaigns.js";
import { drawRoute } from "./http/routes/draw.js";
import { healthRoutes } from "./http/routes/health.js";
import { metricsRoute } from "./http/routes/metrics.js";
import { prizesRoute } from "./http/routes/prizes.js";
import { proofRoutes } from "./http/routes/proof.js";
import { redeemRoute } from "./http/routes/redeem.js";
import { resultsRoute } from "./http/routes/results.js";
import { requestId } from "./observe/request-id.js";
import { traces } from "./observe/traces.js";
import type { Services } from "./services.js";

/** How long a caller may take to send a request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 5_000;

/** The HTTP front: routes, limits, and one shape for every failure. */
export function buildApp(
  services: Services,
  logger: FastifyServerOptions["loggerInstance"],
) {
  const app = Fastify({
    ...(logger && { loggerInstance: logger }),
    // A request line holds usernames and, for GET /redeem, phone numbers.
    // A logger for each request took a fiftieth of the server's time; the few lines that need its id name it.
    childLoggerFactory: (log) => log,
    genReqId: requestId,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustedOf(services.settings.TRUST_PROXY),
    exposeHeadRoutes: true,
    bodyLimit: 4096,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 10_000,
    http: {
      // Node looks for late requests every 30 seconds unless told otherwise, and, with a headersTimeout above the
      // requestTimeout (its default is a minute), for none that has sent its headers.
      connectionsCheckingInterval: 1_000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requireHostHeader: false,
    },
    frameworkErrors: (_error, request, reply) => {
      reply.header("x-request-id", request.id);
      fail(reply, "INVALID_REQUEST", "url: must be percent-encoded UTF-8.");
      // No hook sees these answers.
      countRefusal(reply);
    },
    clientErrorHandler: (error, socket) =>
      answerUnparsable(error, socket, services.lateness()),
    ajv: {
      // Nothing is bent into shape: 5 is not a username, and an unknown field is somebody's typing error.
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        // How src/http/openapi/describe.ts shows a schema that is not what it seems.
        keywords: ["x-described-as"],
      },
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  serveInLine(app.server, takeTurns(app.server));
  boundConnections(app.server, services.metrics);
  observeRequests(app, services);
  leaveNothingToNode(app);
  app.addHttpMethod("GET", { hasBody: true, overrideExisting: true });
  if (services.settings.DRAIN_SECONDS) letGo(app, services.draining);
  acceptJsonOnly(app);
  app.setErrorHandler(answerError);
  answerOtherMethods(app);

  const { metrics, settings, clock } = services;
  const user = createUserCheck(settings, clock);
  const reader = createReaderCheck(settings.ADMIN_TOKEN, user);

  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint) app.register(traces, { endpoint });
  app.register(async (described) => {
    await describeApi(described, services);
    described.register(async (guarded) => {
      refuseWhenFull(guarded, services.gate);
      await limitAddresses(guarded, services);
      guarded.register(prizesRoute, services);
      guarded.register(campaignsRoute, services);
      guarded.register(proofRoutes, services);
      guarded.register(async (own) => {
        await limitUsers(own, services);
        own.register(async (users) => {
          if (user) knowCaller(users, user);
          users.register(drawRoute, services);
          users.register(redeemRoute, services);
        });
        own.register(async (readers) => {
          if (!reader) return;
          knowCaller(readers, reader);
          readers.register(resultsRoute, services);
        });
      });
    });
    if (settings.DOCS !== "off") await docs(described);
    described.register(healthRoutes, services);
    if (metrics) described.register(metricsRoute, { ...services, metrics });
    described.register(admin, { ...services, prefix: "/admin" });
  });
  app.register(pages, services);
  return app;
}
