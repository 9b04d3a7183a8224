import type { FastifyInstance, FastifyRequest } from "fastify";
import { Failure, FORBIDDEN, invalid } from "../../errors.js";
import { createSummary } from "../../observe/summary.js";
import { LONGEST_SUBJECT, parseWinner } from "../input.js";
import { createAdminCheck } from "./admin-token.js";
import { type Check, reasonOf, unauthenticated } from "./token.js";

declare module "fastify" {
  interface FastifyRequest {
    /** the user by the token; null for an administrator, undefined where nobody was asked */
    caller?: string | null;
  }
}

/**
 * Has the routes of `app` answer only who passes the check, and only in the caller's own name: a username is filled in
 * where there is none and refused with FORBIDDEN where it is another.
 */
export function knowCaller(app: FastifyInstance, check: Check): void {
  const refused = createSummary(app.log, "token refused");
  app.addHook("onClose", async () => refused.flush());
  app.decorateRequest("caller");
  app.addHook("onRequest", async (request, reply) => {
    try {
      request.caller = await check(request.headers.authorization);
    } catch (error) {
      if (error instanceof Failure && error.code === "UNAUTHENTICATED") {
        reply.header("www-authenticate", "Bearer");
        const reason = reasonOf(error);
        if (reason) refused.add({ reqId: request.id, reason });
      }
      throw error;
    }
  });
  app.addHook("preValidation", async (request) => {
    // Both, whichever of them the route reads: a name in the other one must not get past.
    own(request, request.body);
    own(request, request.query);
  });
}

function own({ caller }: FastifyRequest, fields: unknown): void {
  if (caller === null) return;
  if (typeof fields !== "object" || fields === null) return;
  const named = fields as { username?: unknown };
  if (named.username === undefined) named.username = caller;
  if (typeof named.username !== "string") {
    throw invalid("username", "must be a string");
  }
  if (parseWinner(named.username, LONGEST_SUBJECT) !== caller) {
    throw new Failure("FORBIDDEN", FORBIDDEN);
  }
}

/** The administrators' token, or a user's; undefined where neither is set. */
export function createReaderCheck(
  adminToken: string | undefined,
  user: Check | undefined,
): Check | undefined {
  if (!adminToken) return user;
  const isAdmin = createAdminCheck(adminToken);
  return async (authorization) => {
    if (isAdmin(authorization)) return null;
    if (user) return user(authorization);
    throw unauthenticated();
  };
}
