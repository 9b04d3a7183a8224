import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { commandOf } from "./server-process.js";
import { home } from "./temporary-folder.js";

/** Runs a command of dist/commands, in a folder of this process's own, with these settings and no others. */
export function runCommand(
  name: string,
  settings: Record<string, string> = {},
  { args = [], cwd = home() }: { args?: string[]; cwd?: string } = {},
): Promise<{ code: number; out: string; err: string }> {
  const path = new URL(`../../dist/commands/${name}.js`, import.meta.url);
  const [env, command] = commandOf(fileURLToPath(path));
  const options = { cwd, env: { PATH: process.env.PATH, ...settings } };
  return new Promise((resolve) => {
    execFile(env, [...command, ...args], options, (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), out, err });
    });
  });
}
