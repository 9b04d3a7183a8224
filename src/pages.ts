import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { Services } from "./services.js";

/** The page for participants at /, and the one for administrators at /admin/. */
export const pages: FastifyPluginAsyncTypebox<Services> = async () => {};
