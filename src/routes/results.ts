import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { Services } from "../services.js";

/** GET /results: a user's own wins. */
export const resultsRoute: FastifyPluginAsyncTypebox<Services> = async () => {};
