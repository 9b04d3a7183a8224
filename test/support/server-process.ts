import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import manifest from "../../package.json" with { type: "json" };
import type { Owner } from "./owner.js";
import { home } from "./temporary-folder.js";
import { until } from "./until.js";
import type { World } from "./world.js";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** Node's options, as `npm start` has them. */
export const START_OPTIONS = /exec node (.*) dist\/main\.js/
  .exec(manifest.scripts.start)?.[1]
  ?.split(" ") as string[];

/** Lets Node run TypeScript. */
const TSX = import.meta.resolve("tsx");

/**
 * The server's command line. tap adds its own loader hooks to every Node that a test starts, so that a start takes 2.5
 * s instead of 0.7 s and is not what our users run: env removes them.
 */
export function commandOf(main = MAIN): [string, string[]] {
  const loader = main.endsWith(".ts") ? ["--import", TSX] : [];
  const command = [process.execPath, ...START_OPTIONS, ...loader, main];
  return ["/usr/bin/env", ["-u", "NODE_OPTIONS", ...command]];
}

/** A server process, as built by `npm run build`. */
export type ServerProcess = {
  url: string;
  child: ChildProcess;
  /** what it printed so far */
  lines: string[];
  /** Sends a signal and returns the exit code, or null where the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
};

/** Starts a server process that ends with its owner. */
export async function startProcess(
  t: Owner,
  world: Pick<World, "databaseUrl" | "redisUrl">,
  settings: Record<string, string> = {},
  main?: string,
): Promise<ServerProcess> {
  const [env, command] = commandOf(main);
  const child = spawn(env, command, {
    cwd: home(),
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: world.redisUrl,
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return (await exited)[0];
  };
  t.teardown(() => end("SIGKILL"));
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        lines.push(line);
        const address = /listening at (http:\/\/[^"\s]+)/.exec(line)?.[1];
        if (address) resolve(address);
      });
    }
    exited.then(() => reject(new Error(`it ended: ${lines.join("\n")}`)));
  });
  return { url, child, lines, end };
}

/** Waits until each server lists a prize. */
export async function listing(servers: ServerProcess[], prize: string) {
  for (const { url, lines } of servers) {
    await until(`${prize} in /prizes`, async () => {
      const text = await (await fetch(`${url}/prizes`)).text();
      if (!text.includes(prize)) throw new Error([text, ...lines].join("\n"));
    });
  }
}
