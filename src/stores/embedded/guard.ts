import { spawn } from "node:child_process";
import { surroundings } from "./process.js";

/**
 * Reads a pipe whose other end the server holds, and so learns of its end from the kernel, by kill -9, too. Then ends
 * the stores: their names and that they run in our folders tell them from other processes.
 */
const SCRIPT = `read -r _
for process in /proc/[0-9]*; do
  read -r name <"$process/comm"
  case $name in
    redis-server | valkey-server) folder=redis signal=TERM ;;
    postgres) folder=postgres signal=INT ;;
    *) continue ;;
  esac
  [ "$process/cwd" -ef "$folder" ] && kill -"$signal" "\${process#/proc/}"
done`;

/** Sees to it that no store outlives this process. Returns what ends the watch. */
export function guard(home: string): () => void {
  const child = spawn("/bin/sh", ["-c", SCRIPT], {
    ...surroundings(home),
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => {}); // the next start ends what is left
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return () => {
    child.kill("SIGKILL");
  };
}
