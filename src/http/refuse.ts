import type { Socket } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Gate } from "../engine/gate.js";
import { UNAVAILABLE } from "../errors.js";
import { fail } from "./answer-error.js";
import { restAfterwards, waitedFor } from "./connections/turns.js";

/** How soon a refused caller must not ask again, in milliseconds: the shortest time that it was told to wait. */
const SOONEST_RETRY_MS = 1_000;

/**
 * Refuses what would wait too long, before it is read. Who waits as told is a caller like any other. Who asks again sooner
 * and meets another refusal is not read from until then: callers who never rest took half of what the server could do for
 * the others.
 */
export function refuseWhenFull(
  app: FastifyInstance,
  gate: Pick<Gate, "isFull">,
): void {
  const refusedAt = new WeakMap<Socket, number>();

  app.addHook("onRequest", (request, reply, done) => {
    const { socket } = request.raw;
    if (!gate.isFull(waitedFor(socket))) return done();
    if (!isForwarded(request)) restIfAgain(socket);
    fail(reply, "UNAVAILABLE", UNAVAILABLE);
  });

  function restIfAgain(socket: Socket): void {
    const now = performance.now();
    const since = now - (refusedAt.get(socket) ?? Number.NEGATIVE_INFINITY);
    refusedAt.set(socket, now);
    if (since < SOONEST_RETRY_MS) restAfterwards(socket, SOONEST_RETRY_MS);
  }
}

/** Whether a trusted proxy sent it: its next request on the same connection is somebody else's. */
const isForwarded = ({ ips }: FastifyRequest) =>
  ips !== undefined && ips.length > 1;
