import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { Metrics } from "../../observe/metrics.js";

/** Most connections at a time: ten thousand idle ones take 90 MB. */
const MOST_CONNECTIONS = 12_000;

/** Open files that are left to everything else: stores, the log, files of the pages. */
const KEPT_DESCRIPTORS = 200;

/**
 * Callers must not use up the last file descriptors, or no store could be reached again. Further connections are closed
 * at once.
 */
export function boundConnections(server: Server, metrics?: Metrics): void {
  server.maxConnections = Math.min(
    MOST_CONNECTIONS,
    Math.max(100, openFiles() - KEPT_DESCRIPTORS),
  );
  server.on("drop", () => metrics?.connectionsRefused.inc());
}

/** How many files this process may have open. */
function openFiles(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(
      /Max open files\s+(\d+)/.exec(limits)?.[1] ??
        MOST_CONNECTIONS + KEPT_DESCRIPTORS,
    );
  } catch {
    return MOST_CONNECTIONS + KEPT_DESCRIPTORS; // not Linux
  }
}
