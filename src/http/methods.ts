import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fail } from "./answer-error.js";

/**
 * What is said to a method that a path does not have: the ones it has, as Allow; to OPTIONS nothing else. Call it before the
 * routes are there.
 */
export function answerOtherMethods(app: FastifyInstance): void {
  const routes = new Map<string, { path: RegExp; methods: Set<string> }>();

  app.addHook("onRoute", ({ url, method }) => {
    const route = routes.get(url) ?? { path: pathOf(url), methods: new Set() };
    for (const one of [method].flat()) route.methods.add(one);
    routes.set(url, route);
  });

  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split("?")[0] ?? "";
    const allowed = [...routes.values()]
      .filter((route) => path === "*" || route.path.test(path))
      .flatMap(({ methods }) => [...methods]);
    if (allowed.length === 0) {
      return fail(reply, "NOT_FOUND", "There is nothing on this path.");
    }
    const allow = [...new Set([...allowed, "OPTIONS"])].sort().join(", ");
    reply.header("allow", allow);
    if (request.method === "OPTIONS") return reply.code(204).send();
    const sentence = `There is no ${request.method} on this path, but ${allow}.`;
    return fail(reply, "METHOD_NOT_ALLOWED", sentence);
  });

  // Fastify would read a stream to its end, which an endless one does not have.
  app.addHook("onSend", (request, _reply, payload, done) => {
    if (request.method !== "HEAD" || !(payload instanceof Readable)) {
      return done(null, payload);
    }
    payload.destroy();
    done(null, Readable.from([]));
  });
}

/** The paths that a route's pattern stands for. */
function pathOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replace(/:\w+/g, "[^/]+")
    .replaceAll("*", ".*");
  return new RegExp(`^${source}$`);
}
