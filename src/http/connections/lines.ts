import type {
  IncomingMessage,
  RequestListener,
  Server,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Turns } from "./turns.js";

/** The requests of a connection that wait for the answer of the one before them. */
type Line = { request: IncomingMessage; response: ServerResponse }[];

/**
 * How many requests a connection may send without waiting for an answer: nobody who reads the answers sends so many.
 */
const LONGEST_LINE = 1_000;

/** Requests that may wait in the lines of all connections, shared out evenly between them: each takes 8 kB. */
const MOST_WAITING = 16_000;

/** However many connections there are, each may have so many. */
const SHORTEST_LINE = 16;

/**
 * Serves the requests of a connection one after the other, and reads no more of it until its answers are taken. A
 * caller that sends without reading costs only what was read so far, whatever the route, and is cut off beyond its
 * share of the requests that may wait.
 */
export function serveInLine(server: Server, turns: Turns): void {
  const [route] = server.listeners("request") as RequestListener[];
  if (!route) throw new Error("the server has no handler");
  const lines = new WeakMap<Socket, Line>();

  const longest = () =>
    Math.max(
      SHORTEST_LINE,
      Math.min(LONGEST_LINE, MOST_WAITING / turns.count()),
    );

  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const { socket } = request;
    const line = lines.get(socket);
    if (!line) return serve(request, response);
    if (socket.destroyed) return;
    line.push({ request, response });
    socket.pause();
    if (line.length > longest()) cutOff(socket);
  });

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (!lines.has(socket)) lines.set(socket, []);
    // The answer was handed to the system, or the caller is gone.
    response.once("close", () => next(socket));
    route?.(request, response);
  }

  function next(socket: Socket): void {
    const waiting = lines.get(socket)?.shift();
    if (waiting && !socket.destroyed) {
      // In a turn of its own: otherwise one connection's line would hold up all others.
      setImmediate(serve, waiting.request, waiting.response);
      return;
    }
    lines.delete(socket);
    if (!socket.destroyed) turns.goOn(socket);
  }
}

/** Node passes each request to this function; a result of 2 means "no longer HTTP". */
type Parser = { onIncoming?: (...request: unknown[]) => number };

/**
 * Ends a connection, and the reading of what came with its last piece: 300 connections with 34 kB each, a thousand
 * requests, kept all others waiting for six seconds until every one of them had been taken apart.
 */
function cutOff(socket: Socket): void {
  const { parser } = socket as Socket & { parser?: Parser };
  if (parser?.onIncoming) parser.onIncoming = () => 2;
  socket.destroy();
}
