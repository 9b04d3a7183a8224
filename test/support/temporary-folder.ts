import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The folder of this process, made at its first use. All that a test starts runs in it, so that nothing is left behind
 * whatever happens: once this process is gone, even by kill -9, a guard ends what still runs there and removes it.
 */
export function home(): string {
  made ??= make();
  return made;
}

let made: string | undefined;

/** The guard reads a pipe whose other end this process holds, and so learns of its end from the kernel. */
const GUARD = `cat >/dev/null
for process in /proc/[0-9]*; do
  case $(readlink "$process/cwd") in "$1" | "$1"/*) kill -9 "\${process#/proc/}" ;; esac
done
sleep 0.2
rm -rf "$1"`;

function make(): string {
  const folder = mkdtempSync(join(tmpdir(), "lucky-draw-"));
  guardFolder(folder);
  return folder;
}

/** Ends what runs in a folder, and the folder, once this process is gone. */
export function guardFolder(folder: string): void {
  const guard = spawn("sh", ["-c", GUARD, "guard", folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
}

/** The processes that run in a folder or below it. */
export async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const inside = await Promise.all(
    pids.map(async (pid) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
      return cwd === folder || cwd.startsWith(`${folder}/`);
    }),
  );
  return pids.filter((_, n) => inside[n]).map(Number);
}
