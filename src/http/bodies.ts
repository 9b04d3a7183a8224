import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { invalid } from "../errors.js";

/** Methods that need no body; some clients send a type with them all the same. */
const BODYLESS = ["GET", "HEAD", "DELETE", "OPTIONS"];

/**
 * Only JSON in UTF-8 is read, as it is; a request that needs no body may name any type and bring none. Lenient decoding
 * would turn every odd byte into U+FFFD, and so two users into one.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  app.addHook("onRequest", ({ method, headers }, _reply, done) => {
    if (BODYLESS.includes(method) && !bringsBody(headers)) {
      delete headers["content-type"];
    }
    done();
  });
  app.addHook("preParsing", ({ headers }, _reply, payload, done) => {
    const encoding = headers["content-encoding"] ?? "identity";
    if (!bringsBody(headers) || /^\s*identity\s*$/i.test(encoding)) {
      return done(null, payload);
    }
    done(
      invalid(
        "Content-Encoding",
        "must be left out: bodies are read as they are, not compressed",
      ),
    );
  });

  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    "application/json",
    { parseAs: "buffer" },
    (request, body, done) => {
      if (body.length === 0 && BODYLESS.includes(request.method)) {
        return done(null);
      }
      if (!isUtf8(body) || !namesUtf8(request.headers["content-type"])) {
        return done(invalid("body", "must be JSON in UTF-8"));
      }
      parse(request, body.toString("utf8"), done);
    },
  );
}

function bringsBody(headers: FastifyRequest["headers"]): boolean {
  const length = headers["content-length"] ?? "0";
  return headers["transfer-encoding"] !== undefined || !/^0+$/.test(length);
}

function namesUtf8(contentType = "application/json"): boolean {
  if (contentType === "application/json") return true;
  const charset = /charset="?([^\s;"]+)/i.exec(contentType)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}
