import { type ChildProcess, spawn } from "node:child_process";
import type { User } from "./user.js";

/** A running store. */
export type Store = { child: ChildProcess; exited: Promise<void> };

/** What is written stays its owner's, crash dumps are off: they would hold the data. */
const PRIVATE = 'umask 077; ulimit -c 0; exec "$@"';

/** This folder, for a program that may not pass the ones above it. */
export const HERE = process.platform === "linux" ? "/proc/self/cwd" : ".";

/** How a store's program is run: in its folder, as its user, and with nothing of our settings in its environment. */
export const surroundings = (folder: string, user?: User) => ({
  cwd: folder,
  env: { PATH: process.env.PATH },
  ...user,
});

/** The command that runs a program with private modes. */
export const privately = (program: string, args: string[]) =>
  ["/bin/sh", ["-c", PRIVATE, "sh", program, ...args]] as const;

/** Starts a store. `input` is all that it reads; `log` is the file descriptor of what it prints. */
export function launch(
  program: string,
  args: string[],
  options: {
    folder: string;
    user: User | undefined;
    input?: string;
    log?: number;
  },
): Store {
  const { folder, user, input = "", log = "ignore" as const } = options;
  const child = spawn(...privately(program, args), {
    ...surroundings(folder, user),
    // Detached: the Ctrl-C that ends the server must not reach its stores before the queues are flushed.
    detached: true,
    stdio: ["pipe", log, log],
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const exited = new Promise<void>((done) => {
    child.once("exit", () => done());
    child.once("error", () => done());
  });
  return { child, exited };
}

/** Looks until it is so. False where the process has ended instead. */
export async function becomes(
  exited: Promise<void>,
  isSo: () => Promise<boolean>,
): Promise<boolean> {
  let alive = true;
  exited.then(() => {
    alive = false;
  });
  while (alive) {
    if (await isSo()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
