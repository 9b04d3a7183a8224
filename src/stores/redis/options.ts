import { readFileSync } from "node:fs";
import { ROOT } from "../../root.js";

const script = (name: string) => ({
  lua: readFileSync(new URL(`lua/${name}.lua`, ROOT), "utf8"),
});

/** How long Redis may take for a command. */
export const COMMAND_TIMEOUT_MS = 1_000;

const scripts = {
  draw: script("draw"),
  settle: script("settle"),
  reload: script("reload"),
  remember: script("remember"),
  recount: script("recount"),
  schedule: script("schedule"),
  probe: script("probe"),
  install: script("install"),
  grant: script("grant"),
  gone: script("gone"),
  recall: script("recall"),
  spare: script("spare"),
  log: script("log"),
  line: script("line"),
  kept: script("kept"),
};

/** What a client of any kind is made with. */
export const optionsOf = (patience: number) => ({
  protocol: 2 as const,
  scripts,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  commandTimeout: patience,
  // Half-open: this command would time out, and so would every later one on the same connection.
  socketTimeout: patience,
  connectTimeout: COMMAND_TIMEOUT_MS,
  retryStrategy: (times: number) => Math.min(50 * times, 500),
  // After a failover the old primary answers READONLY: look the name up again.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  lazyConnect: true,
});

export type Options = ReturnType<typeof optionsOf>;
