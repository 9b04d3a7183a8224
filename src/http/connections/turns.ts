import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Reads connections in turns. */
export type Turns = {
  /** Reads more of a connection whose answer is out: at once, or in its turn where there are many. */
  goOn(socket: Socket): void;
  /** Connections that are open. */
  count(): number;
};

/** Beyond so many connections they take turns. Without turns a new one waited 6.6 s among 3,000 that never paused. */
const MANY_CONNECTIONS = 512;

/** Connections that are read in a turn. */
const TURN_SIZE = 128;

/**
 * So many new connections in a row, one in each pass of the event loop, are a crowd: all of it is accepted before it is
 * read.
 */
const CROWD_SIZE = 8;

/** So many new connections go before the existing ones, until those get a turn. */
const MOST_NEW_FIRST = 512;

/** Connections that are not read before a time, in milliseconds of `performance.now()`. */
const restUntil = new WeakMap<Socket, number>();

/** How long a connection waited for its turn, in milliseconds. */
const waits = new WeakMap<Socket, number>();

/** Once its answer is out, nothing is read of a connection for so many milliseconds. */
export function restAfterwards(socket: Socket, milliseconds: number): void {
  restUntil.set(socket, performance.now() + milliseconds);
}

/** How long the request that has been read of a connection waited for its turn, in milliseconds. */
export const waitedFor = (socket: Socket): number => waits.get(socket) ?? 0;

/**
 * Takes new connections first, and reads all of them in turn. Node takes one new connection each time it has read all
 * that have something, so of ten thousand at the same moment the last waited for the answers of all before it, and past
 * the 4,096 that a system keeps waiting it had to knock again a second later: 3.4 s, where all are answered in 1.5 s so.
 */
export function takeTurns(server: Server): Turns {
  // What makes a connection one of HTTP costs more than taking it, so that is done in its turn.
  const listeners = server.listeners("connection") as ((it: Socket) => void)[];
  const unopened = new WeakSet<Socket>();
  const queue: { socket: Socket; since: number }[] = [];
  const held = new WeakSet<Socket>(); // those that rest or wait in it
  let connections = 0;
  let fresh = 0; // connections taken since the last turn
  let before = 0; // of them at the last look
  let isTurning = false;

  server.removeAllListeners("connection");
  (server as Server & { pauseOnConnect?: boolean }).pauseOnConnect = true;
  server.on("connection", (socket) => {
    connections += 1;
    fresh += 1;
    socket.once("close", () => {
      connections -= 1;
    });
    unopened.add(socket);
    if (connections > MANY_CONNECTIONS || fresh > CROWD_SIZE) wait(socket);
    else read(socket);
    look();
  });

  function goOn(socket: Socket): void {
    waits.delete(socket);
    const until = restUntil.get(socket);
    const rest = until === undefined ? 0 : until - performance.now();
    if (rest <= 0 && connections <= MANY_CONNECTIONS && !socket.isPaused())
      return;
    if (held.has(socket)) return;
    held.add(socket);
    setImmediate(hold, socket, rest);
  }

  /**
   * Not before Node is done with the request: to get rid of a body that nobody read, Node reads on, even if the
   * connection was paused. Refused callers were then read without pause and waited in line once per request: 10,000 of
   * them made a new caller wait for five seconds.
   */
  function hold(socket: Socket, rest: number): void {
    socket.pause();
    if (rest > 0) setTimeout(wait, rest, socket).unref();
    else wait(socket);
  }

  /** Reads the connection in its turn. */
  function wait(socket: Socket): void {
    queue.push({ socket, since: performance.now() });
    look();
  }

  function look(): void {
    if (isTurning) return;
    isTurning = true;
    setImmediate(turn);
  }

  function turn(): void {
    const areComing = fresh > before && fresh < MOST_NEW_FIRST;
    before = fresh;
    if (!areComing) {
      fresh = before = 0;
      const now = performance.now();
      for (const { socket, since } of queue.splice(0, TURN_SIZE)) {
        held.delete(socket);
        waits.set(socket, now - since);
        read(socket);
      }
    }
    isTurning = queue.length > 0 || fresh > 0;
    if (isTurning) setImmediate(turn);
  }

  function read(socket: Socket): void {
    if (unopened.delete(socket)) {
      for (const open of listeners) open.call(server, socket);
    }
    socket.resume();
  }

  return { goOn, count: () => connections };
}
