import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Code } from "../errors.js";
import { namedCampaign } from "../observe/named-campaign.js";
import { traceOf } from "../observe/request-id.js";
import { createSummary } from "../observe/summary.js";
import type { Services } from "../services.js";
import { waitedFor } from "./connections/turns.js";

declare module "fastify" {
  interface FastifyInstance {
    /** how many requests each failure was told, since the start */
    refusals: Partial<Record<Code, number>>;
  }
  interface FastifyRequest {
    /** when it came, in milliseconds of `performance.now()` */
    began: number;
  }
}

/** A request that takes longer than this many milliseconds is told. */
const SLOW_MS = 500;

/**
 * Request ids out; a line in the log for failures and slow requests; refusals by code; the metrics of requests, where
 * they are on.
 */
export function observeRequests(
  app: FastifyInstance,
  { metrics, gate }: Pick<Services, "metrics" | "gate">,
): void {
  const { log } = app;
  // An overload must not flood the log, nor a Postgres that takes long over everything.
  const unavailable = createSummary(log, "unavailable");
  const slow = createSummary(log, "slow");

  app.decorate("refusals", {});
  app.decorateRequest("began", 0);
  if (metrics) {
    app.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) metrics.born(one, url);
    });
    metrics.born("GET", "none");
    metrics.born("POST", "none");
  }
  app.addHook("onRequest", (request, reply, done) => {
    request.began = performance.now();
    reply.header("x-request-id", request.id);
    done();
  });
  app.addHook("onSend", (request, reply, _payload, done) => {
    const milliseconds = performance.now() - request.began;
    if (reply.statusCode >= 400 || milliseconds > SLOW_MS) {
      tell(request, reply, milliseconds);
    }
    countRefusal(reply);
    const isFull = () => gate.isFull(waitedFor(request.raw.socket));
    metrics?.answered(request, reply, milliseconds, isFull);
    done();
  });
  app.addHook("onClose", async () => {
    unavailable.flush();
    slow.flush();
  });

  function tell(
    request: FastifyRequest,
    reply: FastifyReply,
    milliseconds: number,
  ): void {
    const status = reply.statusCode;
    // Not the URL, which can hold a username and a phone number.
    const line = {
      reqId: request.id,
      trace_id: traceIdOf(request),
      method: request.method,
      route: request.routeOptions.url,
      campaign: namedCampaign(request),
      status,
      milliseconds: Math.round(milliseconds),
      code: reply.failure,
    };
    if (status === 503) unavailable.add(line);
    else if (status >= 500) log.info(line, "failed");
    else if (milliseconds > SLOW_MS) slow.add(line);
    else log.debug(line, "refused");
  }
}

/** Counts the failure that an answer tells, where it tells one. */
export function countRefusal(reply: FastifyReply): void {
  const { failure } = reply;
  if (failure === undefined) return;
  const { refusals } = reply.server;
  refusals[failure] = (refusals[failure] ?? 0) + 1;
}

/** The trace that a request is part of: its span's, where traces are on, or what the caller said. */
function traceIdOf(request: FastifyRequest): string | undefined {
  const span = request.opentelemetry?.().span;
  return span?.spanContext().traceId ?? traceOf(request.raw);
}
