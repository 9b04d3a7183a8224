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

/** A connection has its line while a request of it is served. */
const LINE = Symbol("line");
type Connection = Socket & { [LINE]?: Line | undefined };

/** An answer has what is to be done when it is over. */
const OVER = Symbol("over");
type Answer = ServerResponse & { [OVER]?: (told: boolean) => void };

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

  const longest = () =>
    Math.max(
      SHORTEST_LINE,
      Math.min(LONGEST_LINE, MOST_WAITING / turns.count()),
    );

  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const { socket } = request;
    const line = (socket as Connection)[LINE];
    if (!line) return serve(request, response);
    if (socket.destroyed) return;
    line.push({ request, response });
    socket.pause();
    if (line.length > longest()) cutOff(socket);
  });

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const socket: Connection = request.socket;
    socket[LINE] ??= [];
    response.on("close", over);
    route?.(request, response);
  }

  function over(this: Answer): void {
    this[OVER]?.(isWhole(this));
    next(this.req.socket);
  }

  function next(socket: Connection): void {
    const waiting = socket[LINE]?.shift();
    if (waiting && !socket.destroyed) {
      // In a turn of its own: otherwise one connection's line would hold up all others.
      setImmediate(serve, waiting.request, waiting.response);
      return;
    }
    socket[LINE] = undefined;
    if (!socket.destroyed) turns.goOn(socket);
  }
}

/**
 * Calls back once when an answer is over. `told`: all of it was handed to the system; otherwise the caller is gone. One
 * listener serves the line and this: a listener more took a win 0.7 of its 21 kB.
 */
export function whenOver(
  response: ServerResponse,
  callBack: (told: boolean) => void,
): void {
  if (response.destroyed) callBack(isWhole(response));
  else (response as Answer)[OVER] = callBack;
}

/**
 * Whether an answer was handed to the system. `writableFinished` alone is true, too, of one whose connection broke with
 * 20 MB of it unsent; only a finished one has been parted from its connection.
 */
const isWhole = ({ writableFinished, socket, req }: ServerResponse) =>
  writableFinished && socket === null && !req.socket.errored;

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
