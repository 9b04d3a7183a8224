import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { realpath } from "node:fs/promises";

type Running = { pid: number; parent: number };

/** The processes of these names that run in a folder. */
export async function processesIn(
  folder: string,
  names: string[],
): Promise<Running[]> {
  if (process.platform !== "linux")
    return listed(await realpath(folder), names);
  const { dev, ino } = statSync(folder);
  return readdirSync("/proc").flatMap((name) => {
    try {
      if (!/^\d+$/.test(name)) return [];
      const cwd = statSync(`/proc/${name}/cwd`);
      if (cwd.dev !== dev || cwd.ino !== ino) return [];
      const status = readStatus(Number(name));
      const isOne = status && names.includes(status.name);
      return isOne ? [{ pid: Number(name), parent: status.parent }] : [];
    } catch {
      return []; // it has ended, or is another user's
    }
  });
}

/** The same from lsof, which macOS has. */
function listed(folder: string, names: string[]): Running[] {
  const { stdout } = spawnSync("lsof", ["-a", "-d", "cwd", "-FpRcn"], {
    encoding: "utf8",
  });
  return (stdout ?? "").split(/^(?=p\d)/m).flatMap((text) => {
    const field = (letter: string) =>
      new RegExp(`^${letter}(.*)$`, "m").exec(text)?.[1] ?? "";
    const isOne = field("n") === folder && names.includes(field("c"));
    return isOne
      ? [{ pid: Number(field("p")), parent: Number(field("R")) }]
      : [];
  });
}

/** A process that lives, from /proc: one that has ended and waits for its parent does not. */
function readStatus(pid: number) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The fields behind the name, which may hold spaces and brackets.
  const [state = "", parent, ...rest] = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ");
  if ("ZX".includes(state)) return;
  const name = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
  return { name, parent: Number(parent), start: rest[17] ?? "" };
}

/**
 * What tells a living process from a later one of the same number: when it started, and in which run of the machine.
 * Undefined where none lives.
 */
export function birthOf(pid: number): string | undefined {
  if (process.platform !== "linux") {
    const options = { encoding: "utf8" } as const;
    const args = ["-o", "lstart=", "-p", String(pid)];
    return spawnSync("ps", args, options).stdout?.trim() || undefined;
  }
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const status = readStatus(pid);
    return status && `${boot} ${status.start}`;
  } catch {
    return;
  }
}
