import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { home } from "../home.js";
import { send } from "../torture/journal.js";

/** What a flood did: draws a second that were accepted and refused, and answers that were neither. */
export type Flood = { accepted: number; refused: number; neither: number };

/** Latencies in milliseconds. */
export type Probe = { accepted: number[]; refused: number[]; other: number };

const program = fileURLToPath(new URL("flood.ts", import.meta.url));

let floods = 0;

/** Floods a server from another process. `rate` in requests a second; without it as fast as the answers come. */
export async function flood(
  url: string,
  connections: number,
  seconds: number,
  rate?: number,
): Promise<Flood> {
  floods += 1;
  const args = [url, connections, seconds, `flood ${floods}`, rate ?? []];
  const node = ["-u", "NODE_OPTIONS", process.execPath, "--import", TSX];
  const child = spawn("env", [...node, program, ...args.flat().map(String)], {
    cwd: home(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await once(child, "exit");
  const { seconds: took, accepted, refused, other, broken } = JSON.parse(text);
  const neither = other + broken;
  return { accepted: accepted / took, refused: refused / took, neither };
}

const TSX = import.meta.resolve("tsx");

let probes = 0;

/** A hundred draws a second, each by somebody who just came: what one among the crowd sees. */
export async function probe(url: string, seconds: number): Promise<Probe> {
  const found: Probe = { accepted: [], refused: [], other: 0 };
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
    await pause(10);
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
