import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { Services } from "../services.js";

/** Everything under /admin; without ADMIN_TOKEN there is nothing. */
export const admin: FastifyPluginAsyncTypebox<Services> = async () => {};
