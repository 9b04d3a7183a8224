import cluster from "node:cluster";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { handOnLines } from "./lines.js";
import type { FromWorker, ToWorker } from "./messages.js";

/**
 * Each worker takes connections from the port itself. Node's other way, round-robin, has the first process take each of them
 * and send it on: evenly (128 at the same moment came as 64/64, here as 95/33), but with four workers it took a third as many
 * a second, and one on its way to a worker that is killed or stands still is never answered nor closed.
 */
cluster.schedulingPolicy = cluster.SCHED_NONE;

const NAME = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";

/** A worker's process. */
export type Process = {
  pid: number;
  send(message: ToWorker): void;
  kill(): void;
  /** Resolves when it is gone and its last line is handed on. */
  ended: Promise<{ code: number | null; signal: string | null }>;
};

/** Starts a worker's process. `hear` gets what it says, `write` the lines that it prints. */
export function startWorker(
  hear: (message: FromWorker) => void,
  write: (line: string) => void,
): Process {
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(NAME, import.meta.url)),
    args: [],
    // What Node itself has to say before a crash goes straight out.
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const { process: child } = cluster.fork();
  child.on("message", hear);
  if (child.stdout) handOnLines(child.stdout as Readable, write);
  return {
    pid: child.pid ?? 0,
    // It may have ended: then there is nobody to tell.
    send: (message) => child.send(message, () => {}),
    kill: () => child.kill("SIGKILL"),
    ended: new Promise((resolve) => {
      child.on("close", (code, signal) => resolve({ code, signal }));
      // No process could be made.
      child.on("error", () => resolve({ code: null, signal: null }));
    }),
  };
}
