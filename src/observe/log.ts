import { fstatSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import {
  type DestinationStream,
  type Logger,
  pino,
  stdTimeFunctions,
} from "pino";
import { loggable } from "../errors.js";

/** How many bytes may wait for a slow reader of the log. */
const MOST_WAITING_BYTES = 1_000_000;

/** How long the last lines may take to be written at the end. */
const LAST_LINES_MS = 500;

export type Format = "pino" | "names";

export type Log = {
  log: Logger;
  /** A line that is one already: a worker's. */
  write(line: string): void;
  /** Resolves when what was logged has left, or nobody takes it. */
  flush(): Promise<void>;
};

let lost = 0;

/** Lines that this process could not write, since its start. */
export const linesDropped = (): number => lost;

/**
 * The log of this process, on standard output. It never waits: what a full disk or a reader that has stopped does not
 * take is dropped and counted, and the log says so once it can be written again. `format`: `pino` has levels as numbers
 * and times in milliseconds, `names` has levels as names and times as RFC 3339. A worker's lines say its number.
 */
export function createLog(level: string, format: Format, worker?: number): Log {
  const out = isStream(1) ? toStream(1) : toFile(1);
  let told = 0;
  const destination: DestinationStream = {
    write(line) {
      if (!out.write(line)) lost += 1;
      else if (lost > told) {
        const dropped = lost - told;
        told = lost;
        log.warn({ dropped }, "lines of this log could not be written");
      }
    },
  };
  const plain = pino({ ...optionsOf(format), level }, destination);
  const log = worker === undefined ? plain : plain.child({ worker });
  return { log, write: destination.write, flush: out.flush };
}

/** How lines look. */
export const optionsOf = (format: Format) => ({
  serializers: { err: loggable },
  ...(format === "names" && {
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: stdTimeFunctions.isoTime,
  }),
});

type Out = { write(line: string): boolean; flush(): Promise<void> };

/** A file, /dev/null, a terminal: written at once. */
function toFile(fd: number): Out {
  return {
    write(line) {
      try {
        writeSync(fd, line);
        return true;
      } catch {
        return false;
      }
    },
    flush: async () => {},
  };
}

/** A pipe or a socket, whose reader may stop: Node's own standard output would wait for it. */
function toStream(fd: number): Out {
  const socket = new Socket({ fd, readable: false, writable: true });
  const { _handle: handle } = socket as unknown as {
    _handle?: { setBlocking?(on: boolean): void };
  };
  handle?.setBlocking?.(false);
  socket.unref();
  socket.on("error", () => {});
  return {
    write(line) {
      if (socket.destroyed || socket.writableLength > MOST_WAITING_BYTES)
        return false;
      socket.write(line);
      return true;
    },
    flush: () =>
      new Promise((resolve) => {
        if (socket.destroyed || socket.writableLength === 0) return resolve();
        socket.once("drain", resolve);
        socket.once("close", () => resolve());
        setTimeout(resolve, LAST_LINES_MS);
      }),
  };
}

function isStream(fd: number): boolean {
  try {
    const kind = fstatSync(fd);
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false;
  }
}
