import type { FastifyInstance } from "fastify";
import type { Services } from "../services.js";

/** Has the routes of `app` answer only who shows a token, in the name of its subject. */
export async function knowCaller(
  _app: FastifyInstance,
  _services: Services,
): Promise<void> {}
