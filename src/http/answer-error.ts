import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { type Code, Failure, INTERNAL, retryAfter, STATUS } from "../errors.js";

declare module "fastify" {
  interface FastifyReply {
    /** the failure that it tells */
    failure?: Code;
  }
}

/** Answers any error with a sentence and a code, and logs those that are not the caller's. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  // Fastify would close after a body it could not parse: a caller that is still sending would get a reset instead of
  // the answer (6 of 300 bodies of 1 MB). Node reads on and discards, until the request's time is over.
  reply.removeHeader("connection");
  if (error instanceof Failure) {
    if (error.code === "UNAVAILABLE") {
      request.log.debug({ err: error, reqId: request.id }, "unavailable");
    }
    return fail(reply, error.code, error.message, error.details);
  }
  const { validation, validationContext, statusCode, code } =
    error as Partial<FastifyError>;
  if (validation?.[0]) {
    const sentence = sentenceOf(validation[0], validationContext ?? "body");
    return fail(reply, "INVALID_REQUEST", sentence);
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return fail(reply, "INVALID_REQUEST", remedyOf(code, request));
  }
  request.log.error({ err: error, reqId: request.id }, "failed");
  return fail(reply, "INTERNAL", INTERNAL);
}

export function fail(
  reply: FastifyReply,
  code: Code,
  sentence: string,
  details: Failure["details"] = {},
): FastifyReply {
  reply.failure = code;
  if (code === "UNAVAILABLE") reply.header("retry-after", retryAfter());
  if (code === "TOO_MANY_REQUESTS") {
    // Behind one address a crowd's minute ends at one moment.
    const left = Number(reply.getHeader("retry-after"));
    reply.header("retry-after", left - 1 + retryAfter());
  }
  return reply
    .code(STATUS[code])
    .header("cache-control", "no-store")
    .type("application/json; charset=utf-8")
    .send({ success: false, error: sentence, code, ...details });
}

type Objection = NonNullable<FastifyError["validation"]>[number];

/** Field and remedy of what a schema refused. */
function sentenceOf(
  { instancePath, keyword, params, message }: Objection,
  context: string,
) {
  const field = instancePath.slice(1) || context;
  if (field === "idempotency-key") {
    return "Idempotency-Key: must have 1 to 255 visible ASCII characters.";
  }
  switch (keyword) {
    case "required":
      return `${params.missingProperty}: is missing.`;
    case "additionalProperties":
      return `${String(params.additionalProperty).slice(0, 64)}: is not a field of this request; leave it out.`;
    case "pattern":
      return `${field}: must be a UUID.`;
    case "type":
      return instancePath
        ? `${field}: must be a ${params.type}.`
        : "body: must be a JSON object.";
    default:
      return `${field}: ${message}.`;
  }
}

/** Remedy of what Fastify refused before any schema. */
function remedyOf(
  code: string | undefined,
  { routeOptions }: FastifyRequest,
): string {
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return `body: must not be larger than ${inUnits(routeOptions.bodyLimit)}.`;
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_CTP_INVALID_CONTENT_TYPE":
      return "body: must be JSON, sent with Content-Type: application/json.";
    default:
      return "body: must be valid JSON, without the keys __proto__ and constructor.prototype.";
  }
}

/** A limit in bytes, a power of two, as people say it. */
function inUnits(bytes = 0): string {
  const kibibytes = bytes / 1_024;
  return kibibytes < 1_024 ? `${kibibytes} KiB` : `${kibibytes / 1_024} MiB`;
}
