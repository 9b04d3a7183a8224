import { SetupError } from "../../errors.js";
import { processesIn } from "./find.js";
import { shown } from "./folder.js";

/** How long a store of an earlier process may take to end by itself, in milliseconds. */
const LONGEST_END_MS = 20_000;

/**
 * Ends what an earlier process left running in a folder, and waits for its end. That a process runs in our private
 * folder is the proof that it is ours: its number alone may belong to anything by now.
 */
export async function endOrphans(
  folder: string,
  names: string[],
  signal: NodeJS.Signals,
): Promise<void> {
  const giveUp = Date.now() + LONGEST_END_MS;
  const told = new Set<number>();
  for (;;) {
    const running = await processesIn(folder, names);
    if (running.length === 0) return;
    if (Date.now() > giveUp + LONGEST_END_MS) {
      throw new SetupError(
        `Processes that don't end use ${shown(folder)}: ${running.map(({ pid }) => pid).join(", ")}.`,
      );
    }
    const pids = running.map(({ pid }) => pid);
    for (const { pid, parent } of running) {
      if (Date.now() > giveUp) send(pid, "SIGKILL");
      // To the first of a store's processes: it ends its own.
      else if (!told.has(pid) && !pids.includes(parent)) send(pid, signal);
      if (!told.has(pid)) send(pid, "SIGCONT");
      told.add(pid);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
