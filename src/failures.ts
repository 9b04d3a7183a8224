import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { type Code, Failure, STATUS } from "./errors.js";

/** Answers any error with a sentence and a code, and logs those that are not the caller's. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof Failure) {
    if (error.code === "UNAVAILABLE") {
      request.log.debug({ err: error }, "unavailable");
    }
    return fail(reply, error.code, error.message);
  }
  const { validation, validationContext, statusCode, code } =
    error as Partial<FastifyError>;
  if (validation?.[0]) {
    const sentence = explain(validation[0], validationContext ?? "body");
    return fail(reply, "INVALID_REQUEST", sentence);
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return fail(reply, "INVALID_REQUEST", remedyOf(code));
  }
  request.log.error({ err: error }, "failed");
  return fail(reply, "INTERNAL", "Something went wrong on our side.");
}

export function fail(
  reply: FastifyReply,
  code: Code,
  sentence: string,
): FastifyReply {
  if (code === "UNAVAILABLE") reply.header("retry-after", "1");
  return reply
    .code(STATUS[code])
    .header("cache-control", "no-store")
    .type("application/json; charset=utf-8")
    .send({ success: false, error: sentence, code });
}

/** What came in was not a request, so there is no reply to write to, only the socket. */
export function answerUnparsable(
  error: { code?: string },
  socket: Socket,
): void {
  // A whole request before it is still being answered: its answer goes out, and nothing that could be taken for it.
  const { _httpMessage: open } = socket as { _httpMessage?: ServerResponse };
  if (open?.req.complete && !open.writableFinished) {
    open.once("close", () => socket.destroy());
    return;
  }
  if (!socket.writable) return;
  const sentence =
    UNPARSABLE[error.code ?? ""] ?? "request: must be valid HTTP.";
  const code: Code = "INVALID_REQUEST";
  const body = JSON.stringify({ success: false, error: sentence, code });
  const head = [
    "HTTP/1.1 400 Bad Request",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${body.length}`,
    "Cache-Control: no-store",
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const UNPARSABLE: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "request: URL and headers must be shorter than 16 KiB.",
  ERR_HTTP_REQUEST_TIMEOUT: "request: must be sent within five seconds.",
};

type Objection = NonNullable<FastifyError["validation"]>[number];

/** Field and remedy of what a schema refused. */
function explain(
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
function remedyOf(code: string | undefined): string {
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return "body: must not be larger than 4 KiB.";
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_CTP_INVALID_CONTENT_TYPE":
      return "body: must be JSON, sent with Content-Type: application/json.";
    default:
      return "body: must be valid JSON, without the keys __proto__ and constructor.prototype.";
  }
}
