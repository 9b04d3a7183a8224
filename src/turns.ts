import type {
  IncomingMessage,
  RequestListener,
  Server,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";

/** The requests of a connection that wait for the answer of the one before them. */
type Line = { request: IncomingMessage; response: ServerResponse }[];

/**
 * With more connections than these they take turns. Node takes one new connection each time it has read all that have
 * something: with 3,000 that never rested, a new one waited 6.6 seconds for that.
 */
const MANY = 512;

/** Connections that are read in a turn. */
const TURN = 128;

/** Requests that a connection may send without waiting for an answer: nobody who reads the answers sends as many. */
const LONGEST_LINE = 1_000;

/** Requests that may wait in the lines of all connections, shared out evenly between them: each takes 8 kB. */
const WAITING = 16_000;

/** However many connections there are, each may have so many. */
const SHORTEST_LINE = 16;

/** New connections that come before those that are there, until these have a turn. */
const FIRST = 512;

/** Connections that are not read before a time, in milliseconds of `performance.now()`. */
const restUntil = new WeakMap<Socket, number>();

/** Once its answer is out, nothing is read of a connection for so many milliseconds. */
export function restAfterwards(socket: Socket, milliseconds: number): void {
  restUntil.set(socket, performance.now() + milliseconds);
}

/**
 * Serves the requests of a connection one after the other, and reads no more of it until its answers are taken: whoever
 * sends without reading costs what was read of it, whatever the route, and is cut off past its share of what may wait.
 * Where there are many connections, new ones are taken first, and all of them read in turn.
 */
export function takeTurns(server: Server): void {
  const [route] = server.listeners("request") as RequestListener[];
  if (!route) throw new Error("the server has no handler");
  const lines = new WeakMap<Socket, Line>();
  const resting: Socket[] = [];
  let connections = 0;
  let fresh = 0; // connections taken since the last turn
  let before = 0; // of them at the last look
  let isTurning = false;

  const longest = () =>
    Math.max(SHORTEST_LINE, Math.min(LONGEST_LINE, WAITING / connections));

  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const line = lines.get(request.socket);
    if (!line) return serve(request, response);
    if (request.socket.destroyed) return; // Node goes on with what was read
    line.push({ request, response });
    request.socket.pause();
    // What was read with it has been taken apart already, at 8 kB each.
    if (line.length > longest()) request.socket.destroy();
  });
  server.on("connection", (socket) => {
    connections += 1;
    fresh += 1;
    socket.once("close", () => {
      connections -= 1;
    });
    if (connections > MANY) rest(socket);
  });

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (!lines.has(socket)) lines.set(socket, []);
    // The answer has been handed to the system, or nobody is there any more.
    response.once("close", () => next(socket));
    route?.(request, response);
  }

  function next(socket: Socket): void {
    const waiting = lines.get(socket)?.shift();
    if (waiting && !socket.destroyed) {
      // A turn of its own: else a connection's line keeps all others waiting.
      setImmediate(serve, waiting.request, waiting.response);
      return;
    }
    lines.delete(socket);
    if (socket.destroyed) return;
    const pause = (restUntil.get(socket) ?? 0) - performance.now();
    if (pause > 0) {
      socket.pause();
      setTimeout(queue, pause, socket).unref();
    } else if (connections > MANY || socket.isPaused()) rest(socket);
  }

  function rest(socket: Socket): void {
    socket.pause();
    queue(socket);
  }

  /** Has it read in its turn. */
  function queue(socket: Socket): void {
    resting.push(socket);
    if (isTurning) return;
    isTurning = true;
    setImmediate(turn);
  }

  function turn(): void {
    const areComing = fresh > before && fresh < FIRST;
    before = fresh;
    if (!areComing) {
      fresh = before = 0;
      for (const socket of resting.splice(0, TURN)) socket.resume();
    }
    isTurning = resting.length > 0;
    if (isTurning) setImmediate(turn);
  }
}
