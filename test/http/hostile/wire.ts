import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { Test } from "tap";
import { type Answer, readAnswers } from "./answers.js";

/** Bytes for a connection of their own. */
export type Sending = {
  /** in the pieces that they are written in */
  pieces: Uint8Array[];
  /** methods of the requests in them, as far as known: an answer to HEAD has no body */
  methods?: string[];
  /** Answers after which nothing more is waited for. Default: all that comes until the server closes. */
  answers?: number;
  /** After so many milliseconds the caller closes its half, or hangs up. Default: never. */
  leave?: { how: "end" | "reset"; after: number };
};

/** What a caller is promised, in milliseconds. */
const PATIENCE = 2_000;

/** Raw connections to a server, which end with the test. */
export function createCaller(t: Test, url: string) {
  const port = Number(new URL(url).port);
  const sockets = new Set<Socket>();
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });

  /** A connection; one that stays keeps its half open when the server has closed the other. */
  function dial(stays = false): Socket {
    const host = "127.0.0.1";
    const socket = connect({ port, host, allowHalfOpen: stays });
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // A server may well hang up on such callers.
    return socket;
  }

  /** Sends, and returns what came back. Rejects where it is not HTTP, or not there within two seconds. */
  async function exchange(sending: Sending): Promise<Answer[]> {
    const { pieces, methods = [], leave } = sending;
    const wanted = sending.answers ?? Number.POSITIVE_INFINITY;
    const socket = dial();
    const { bytes, closed } = collect(socket);
    const answered = new Promise<void>((resolve, reject) => {
      socket.on("data", () => {
        try {
          const { answers } = readAnswers(bytes(), methods);
          if (answers.length >= wanted) resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    answered.catch(() => {});
    try {
      for (const [n, piece] of pieces.entries()) {
        if (n > 0) await turn();
        socket.write(piece);
      }
      if (leave) setTimeout(() => goAway(socket, leave.how), leave.after);
      const late = () =>
        new Error(`not answered in time; so far: ${bytes().toString()}`);
      await inTime(Promise.race([answered, closed]), PATIENCE, late);
      const { answers, rest } = readAnswers(bytes(), methods);
      if (rest && leave?.how !== "reset") {
        throw new Error(`half an answer: ${bytes().toString()}`);
      }
      return answers;
    } finally {
      socket.destroy();
    }
  }

  return { dial, exchange };
}

export type Caller = ReturnType<typeof createCaller>;

/** All that a socket receives, and its end. */
export function collect(socket: Socket) {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  return { bytes: () => Buffer.concat(chunks), closed };
}

/** Rejects with `late()` where the work takes longer. */
export async function inTime<T>(
  work: Promise<T>,
  milliseconds: number,
  late: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

function goAway(socket: Socket, how: "end" | "reset"): void {
  if (how === "end") socket.end();
  else socket.resetAndDestroy();
}
