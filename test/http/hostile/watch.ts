import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { ServerProcess } from "../../support/server-process.js";

/** How a server process fares, seen from outside. */
export function watch({ url, child, lines }: ServerProcess) {
  /** Resident memory in MiB. */
  async function memory(): Promise<number> {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8");
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return Math.round(Number(kilobytes) / 1024);
  }

  /** Open files, sockets among them. */
  const files = async () => (await readdir(`/proc/${child.pid}/fd`)).length;

  /** What it logged as an error, or said outside of its log. */
  const complaints = () => lines.filter((line) => levelOf(line) >= 50);

  /** Asks for a sign of life over and over. `stop` returns how often, and the longest wait in milliseconds. */
  function pulse() {
    let beating = true;
    const waits: number[] = [];
    const beat = async () => {
      while (beating) {
        const began = performance.now();
        const { status } = await fetch(`${url}/healthz`);
        if (status !== 200) throw new Error(`/healthz: ${status}`);
        waits.push(Math.round(performance.now() - began));
        await pause(100);
      }
    };
    const beats = beat();
    beats.catch(() => {}); // told by stop
    return async () => {
      beating = false;
      await beats;
      return { count: waits.length, longest: Math.max(...waits) };
    };
  }

  return { memory, files, complaints, pulse };
}

function levelOf(line: string): number {
  try {
    return JSON.parse(line).level ?? 60;
  } catch {
    return 60;
  }
}
