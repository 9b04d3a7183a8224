import { execFile } from "node:child_process";
import { commandOf } from "./server-process.js";
import { home } from "./temporary-folder.js";

/** Runs the server until it ends by itself. */
export function runServer(
  settings: Record<string, string>,
  cwd = home(),
  nodeOptions: string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  const [env, command] = commandOf();
  command.splice(command.indexOf(process.execPath) + 1, 0, ...nodeOptions);
  const options = {
    cwd,
    env: { PATH: process.env.PATH, ...settings },
    timeout: 60_000,
  };
  return new Promise((resolve) => {
    execFile(env, command, options, (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), out, err });
    });
  });
}
