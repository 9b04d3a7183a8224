import type { FastifyInstance } from "fastify";
import type { Services } from "../services.js";

/** Request ids in and out; a line in the log for failures and slow requests. */
export function observeRequests(
  _app: FastifyInstance,
  _services: Services,
): void {}
