import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
import { home } from "../support/temporary-folder.js";
import type { Order, Orders, Report } from "./child.js";

/** A server process of child.ts. */
export type ModelServer = {
  /** Has it carry out an order. Rejects where it fails, or the process ends. */
  ask<Name extends keyof Orders>(
    order: Name,
    ...value: Parameters<Orders[Name]>
  ): ReturnType<Orders[Name]>;
  /** kill -9. */
  kill(): Promise<void>;
};

type Waiting = {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
};

/** Starts a process that has loaded everything and waits for `open`: it ends with the test. */
export function spawnServer(t: Test): ModelServer {
  // Without tap's loader hooks, and in a folder from which tsx would not be found by its name.
  const command = ["-u", "NODE_OPTIONS", process.execPath, "--import"];
  const script = fileURLToPath(new URL("child.ts", import.meta.url));
  const child = spawn(
    "/usr/bin/env",
    [...command, import.meta.resolve("tsx"), script],
    {
      cwd: home(),
      env: { PATH: process.env.PATH },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    },
  );
  const exited = once(child, "exit");
  const waiting = new Map<number, Waiting>();
  let orders = 0;

  child.on("message", ({ id, value, error }: Report) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === undefined) resolve?.(value as never);
    else reject?.(new Error(error));
  });
  const fail = () => {
    for (const { reject } of waiting.values()) reject(new Error("it ended"));
    waiting.clear();
  };
  child.on("exit", fail);
  child.on("error", fail);

  async function kill(): Promise<void> {
    child.kill("SIGKILL");
    await exited;
  }
  t.teardown(kill);

  const ask = (order: keyof Orders, value?: unknown) =>
    new Promise((resolve, reject) => {
      const id = orders;
      orders += 1;
      waiting.set(id, { resolve, reject });
      const message: Order = { id, order, value };
      child.send(message, (error) => error && reject(error));
    });
  return { ask: ask as ModelServer["ask"], kill };
}
