import rateLimit, { type RateLimitPluginOptions } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Failure, TOO_MANY_REQUESTS } from "../../errors.js";
import type { Services } from "../../services.js";
import { keys } from "../../stores/keys.js";
import type { Redis } from "../../stores/redis.js";
import { LONGEST_SUBJECT, parseWinner } from "../input.js";
import { addressKey, parseAddress } from "./address.js";

/** Limits how often the routes of `app` may be asked from one address (of IPv6: from one /64), before anything is read. */
export async function limitAddresses(
  app: FastifyInstance,
  { limits, settings }: Services,
): Promise<void> {
  const max = settings.RATE_LIMIT_ADDRESS;
  if (max === undefined || !limits) return;
  await app.register(rateLimit, {
    ...common(limits),
    global: false,
    max,
    nameSpace: keys.addressRequests,
    keyGenerator: addressOf,
  });
  // A hook of the plugin's own would come after those of the routes' parents, which verify tokens.
  app.addHook("onRequest", app.rateLimit());
}

/** Limits how often one user may ask the routes of `app`. An administrator who reads about a user is not that user. */
export async function limitUsers(
  app: FastifyInstance,
  { limits, settings }: Services,
): Promise<void> {
  const max = settings.RATE_LIMIT_USER;
  if (max === undefined || !limits) return;
  await app.register(rateLimit, {
    ...common(limits),
    hook: "preHandler",
    max,
    nameSpace: keys.userRequests,
    keyGenerator: userOf,
    allowList: ({ caller }) => caller === null,
  });
}

/** Whose address can't be read counts as the proxy that told it: else anything made up would be an address of its own. */
function addressOf({ ip, ips = [ip] }: FastifyRequest): string {
  const known = ips.map((told) => parseAddress(told ?? ""));
  return addressKey(known.findLast((it) => it !== undefined) ?? "unknown");
}

/** The username that the route will read: a schema has seen it, unlike a body that comes where none is read. */
function userOf({ caller, method, body, query }: FastifyRequest): string {
  if (typeof caller === "string") return caller;
  const fields = method === "GET" ? query : body;
  return parseWinner(
    (fields as { username: string }).username,
    LONGEST_SUBJECT,
  );
}

const NO_HEADERS = {
  "x-ratelimit-limit": false,
  "x-ratelimit-remaining": false,
  "x-ratelimit-reset": false,
};

const common = (redis: Redis): RateLimitPluginOptions => ({
  redis,
  timeWindow: 60_000,
  // Without its Redis nobody is limited.
  skipOnError: true,
  addHeaders: { ...NO_HEADERS, "retry-after": true },
  addHeadersOnExceeding: NO_HEADERS,
  errorResponseBuilder: () =>
    new Failure("TOO_MANY_REQUESTS", TOO_MANY_REQUESTS),
});
