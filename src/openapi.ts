import type { FastifyInstance } from "fastify";

/** The routes as an OpenAPI 3.1 document, and a page to read and try it at /docs. */
export async function describeApi(_app: FastifyInstance): Promise<void> {}
