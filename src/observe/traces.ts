import type { FastifyRequest } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { within } from "../deadline.js";
import { SetupError } from "../errors.js";
import { namedCampaign } from "./named-campaign.js";

/** How long a stop waits for the last spans to be sent, in milliseconds. */
const LAST_WORD_MS = 2_000;

const late = () => new Error("the collector did not answer in time");

/**
 * A span for every request, sent to an OpenTelemetry collector by OTLP over HTTP; `endpoint` is its URL without
 * /v1/traces. A `traceparent` of the caller makes it part of the caller's trace. Of a request it tells its method, its
 * route and its status: the URL can hold a username and a phone number.
 */
export const traces = fastifyPlugin<{ endpoint: string }>(
  async (app, { endpoint }) => {
    const [
      { FastifyOtelInstrumentation },
      { OTLPTraceExporter },
      { resourceFromAttributes },
      { BatchSpanProcessor, NodeTracerProvider },
      { SpanStatusCode },
    ] = await loadPackages();
    const exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/$/, "")}/v1/traces`,
      timeoutMillis: LAST_WORD_MS,
    });
    const provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ "service.name": "lucky-draw" }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    // Spans have no children here, so nothing needs to know the current one; following it costs every promise.
    provider.register({ contextManager: null });

    const instrumentation = new FastifyOtelInstrumentation({
      instrumentHooks: false,
      instrumentHandler: false,
      recordExceptions: false,
      requestHook: (span, request) => {
        const route = routeOf(request);
        span.updateName(`${request.method} ${route}`);
        span.setAttribute("url.path", route);
        span.setAttribute("request.id", request.id);
      },
    });
    instrumentation.setTracerProvider(provider);
    await app.register(instrumentation.plugin());

    // An error's own words can quote what the caller sent.
    app.addHook("onSend", (request, reply, _payload, done) => {
      const { span } = request.opentelemetry();
      const campaign = namedCampaign(request);
      if (campaign) span?.setAttribute("lucky_draw.campaign", campaign);
      const { failure: message } = reply;
      if (message) span?.setStatus({ code: SpanStatusCode.ERROR, message });
      done();
    });
    app.addHook("onClose", async () => {
      await within(LAST_WORD_MS, provider.shutdown(), late).catch((err) => {
        app.log.warn({ err }, "the last traces were not sent");
      });
    });
  },
  { name: "traces" },
);

/** Half a second of loading, and 35 packages, that nobody pays for who does not ask for traces. */
async function loadPackages() {
  try {
    return await Promise.all([
      import("@fastify/otel"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/sdk-trace-node"),
      import("@opentelemetry/api"),
    ]);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new SetupError(
      "OTEL_EXPORTER_OTLP_ENDPOINT: traces need packages that npm ci --omit=dev leaves out: npm run install:traces",
    );
  }
}

const routeOf = (request: FastifyRequest) => request.routeOptions.url ?? "none";
