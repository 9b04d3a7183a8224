import type { FastifyInstance } from "fastify";

/**
 * While a server drains, each answer ends its connection: a balancer that no longer opens new ones would go on with those
 * it keeps, and meet their end in the middle of a request.
 */
export function letGo(app: FastifyInstance, draining: () => boolean): void {
  app.addHook("onRequest", async (_request, reply) => {
    if (draining()) reply.header("connection", "close");
  });
}
