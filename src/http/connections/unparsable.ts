import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { type Code, invalid, retryAfter, UNAVAILABLE } from "../../errors.js";

/** How long a caller may take to close after the last answer. */
const LINGER_MS = 1_000;

/** What Node keeps of the requests on a connection. */
type Connection = Socket & {
  _httpMessage?: ServerResponse;
  parser?: { incoming?: unknown };
};

/** Has the app answer what Node would answer by itself: with a bare 400 or 417, or by hanging up. */
export function leaveNothingToNode(app: FastifyInstance): void {
  app.addHook("onRequest", ({ raw }, _reply, done) => {
    const isMissing = raw.headers.host === undefined;
    if (!isMissing || raw.httpVersion !== "1.1") return done();
    done(invalid("Host", "must be sent with HTTP/1.1"));
  });
  // As any other request: past the turns, thirty connections of these kept every draw waiting for seven seconds.
  app.server.on("checkExpectation", (request, reply) =>
    app.server.emit("request", request, reply),
  );
  // Requests with an Upgrade are requests like others to Node, as long as nobody listens for them.
  app.server.on("connect", (_request, socket) =>
    answerUnparsable({}, socket as Socket),
  );
}

/** Sockets that have had, or will have, their last word. */
const done = new WeakSet<Socket>();

/** If the process itself was late by more than this, callers were cut off who had sent in time. */
const LATE_MS = 500;

/**
 * What arrived was not a request, so there is no reply object, only the socket. `lateness` is that of this process, in
 * milliseconds: if it stood still, the request had come in time.
 */
export function answerUnparsable(
  error: { code?: string },
  socket: Socket,
  lateness = 0,
): void {
  // Node reports every piece that a caller sends after its mistake.
  if (done.has(socket)) return;
  done.add(socket);
  // Node may have handed it over without a listener: the first reset would end the process.
  socket.on("error", () => {});
  const { _httpMessage: open, parser } = socket as Connection;
  // It has its answer, and only its body is under way: a second answer would be taken for that of the next request.
  if (!open && parser?.incoming) {
    socket.destroySoon();
    return;
  }
  // A whole request before it is still being answered: its answer goes out, and nothing that could be taken for it.
  if (open?.req.complete && !open.writableFinished) {
    open.once("close", () => socket.destroy());
    return;
  }
  if (!socket.writable) return;
  const isOurFault = error.code === TIMEOUT && lateness > LATE_MS;
  const sentence = isOurFault
    ? UNAVAILABLE
    : (UNPARSABLE[error.code ?? ""] ?? "request: must be valid HTTP.");
  const code: Code = isOurFault ? "UNAVAILABLE" : "INVALID_REQUEST";
  const body = JSON.stringify({ success: false, error: sentence, code });
  const head = [
    isOurFault
      ? `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${retryAfter()}`
      : "HTTP/1.1 400 Bad Request",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${body.length}`,
    "Cache-Control: no-store",
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // Closing at once would reset a caller that is still sending, and some callers never close.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const TIMEOUT = "ERR_HTTP_REQUEST_TIMEOUT";

const UNPARSABLE: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "request: URL and headers must be shorter than 16 KiB.",
  [TIMEOUT]: "request: must be sent within five seconds.",
};
