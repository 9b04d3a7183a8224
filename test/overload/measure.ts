import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { home } from "../support/temporary-folder.js";
import { send } from "../torture/journal.js";

/** What a flood did: draws a second that were accepted and refused, and answers that were neither. */
export type Flood = { accepted: number; refused: number; neither: number };

/** Latencies in milliseconds, and by how much this process itself was late at most. */
export type Probe = {
  accepted: number[];
  refused: number[];
  other: number;
  late: number;
};

/** What a crowd met: milliseconds until each answer, and what the refused ones were told to wait, in seconds. */
export type Crowd = {
  accepted: number[];
  refused: number[];
  /** what came instead of answers */
  other: string[];
  retryAfter: number[];
};

let runs = 0;

/** So many callers at the same moment, each on a new connection, from another process. */
export async function crowd(url: string, callers: number): Promise<Crowd> {
  runs += 1;
  return run("crowd.ts", [url, callers, `crowd ${runs}`]);
}

/** Floods a server from another process. `rate` in requests a second; without it as fast as the answers come. */
export async function flood(
  url: string,
  connections: number,
  seconds: number,
  rate?: number,
): Promise<Flood> {
  runs += 1;
  const args = [url, connections, seconds, `flood ${runs}`, rate ?? []];
  const found = await run("flood.ts", args.flat());
  const { seconds: took, accepted, refused, other, broken } = found;
  const neither = other + broken;
  return { accepted: accepted / took, refused: refused / took, neither };
}

/** Runs a program of this folder in a process of its own and reads the JSON that it prints. */
async function run(program: string, args: (string | number)[]) {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const node = ["-u", "NODE_OPTIONS", process.execPath, "--import", TSX, path];
  const child = spawn("env", [...node, ...args.map(String)], {
    cwd: home(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await once(child, "close");
  return JSON.parse(text);
}

const TSX = import.meta.resolve("tsx");

let probes = 0;

/** A hundred draws a second, each by somebody who just came: what one among the crowd sees. */
export async function probe(url: string, seconds: number): Promise<Probe> {
  const found: Probe = { accepted: [], refused: [], other: 0, late: 0 };
  const ask = async () => {
    probes += 1;
    const at = performance.now();
    const payload = { username: `one ${probes}` };
    const { status } = await send(`${url}/draw`, payload, undefined, false);
    const took = performance.now() - at;
    if (status === 200) found.accepted.push(took);
    else if (status === 503) found.refused.push(took);
    else found.other += 1;
  };
  const end = performance.now() + seconds * 1_000;
  const asking: Promise<void>[] = [];
  while (performance.now() < end) {
    asking.push(ask());
    const at = performance.now();
    await pause(10);
    found.late = Math.max(found.late, performance.now() - at - 10);
  }
  await Promise.all(asking);
  return found;
}

/** The latency that a share of them does not exceed. */
export function quantile(latencies: number[], share: number): number {
  const sorted = [...latencies].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

/** Memory of a process in MiB. */
export async function memory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
