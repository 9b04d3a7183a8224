import type { Socket } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Gate } from "../engine/gate.js";
import { UNAVAILABLE } from "../errors.js";
import { fail } from "./answer-error.js";
import { restAfterwards, waitedFor } from "./connections/turns.js";

/** How soon a refused caller must not ask again: the shortest time it was told to wait. */
const SOONEST_RETRY_MS = 1_000;

/**
 * Refuses requests that would wait too long, before reading them. A caller who waits as told is treated like any other.
 * A caller who asks again sooner and is refused again is not read from until then: callers who never paused took half
 * of the server's capacity from the others.
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
