import { createServer } from "node:net";
import { freePort } from "../../src/stores/embedded/redis.js";
import type { Owner } from "../support/owner.js";
import { type ServerProcess, startProcess } from "../support/server-process.js";
import { until } from "../support/until.js";
import { PROOF_KEY } from "./proof.js";

/** One of the servers: its address stays, its process comes and goes. */
export type Seat = {
  n: number;
  url: string;
  process: ServerProcess;
  /** SIGSTOP and SIGCONT, kill -9, and a new process at the same address. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** SIGTERM. Returns the exit code, or 0 where a kill -9 came first. */
  stop(): Promise<number | null>;
  start(): Promise<void>;
};

/** `mishaps` gets ends that nobody asked for; `read` what the process logs. */
export async function openSeat(
  t: Owner,
  of: {
    n: number;
    urls: { redisUrl: string; databaseUrl: string };
    mishaps: string[];
    read: (lines: string[]) => void;
    zone: string;
  },
): Promise<Seat> {
  const { n, urls, mishaps, read, zone } = of;
  const port = await freePort();
  const settings = { PORT: String(port), TIME_ZONE: zone, PROOF_KEY };
  let expected = false;
  let killed = false;
  let starting: Promise<void> | undefined;

  async function launch(): Promise<ServerProcess> {
    const launched = await startProcess(t, urls, settings);
    const { child, lines } = launched;
    expected = false;
    killed = false;
    child.once("exit", (code, signal) => {
      if (!expected) mishaps.push(`server ${n} ended: ${code ?? signal}`);
    });
    child.stdout?.on("data", () => read(lines.splice(0)));
    return launched;
  }

  /** After the start that another fault's end has begun. */
  const end = async (signal: NodeJS.Signals) => {
    await starting;
    expected = true;
    killed ||= signal === "SIGKILL";
    return seat.process.end(signal);
  };
  const restart = async () => {
    if (!expected) return; // two faults ended it, and it is back
    await until("the port", () => isFree(port));
    seat.process = await launch();
  };
  const seat: Seat = {
    n,
    url: `http://127.0.0.1:${port}`,
    process: await launch(),
    pause: () => seat.process.child.kill("SIGSTOP"),
    resume: () => seat.process.child.kill("SIGCONT"),
    kill: async () => {
      await end("SIGKILL");
    },
    stop: async () => {
      const code = await end("SIGTERM");
      return killed ? 0 : code;
    },
    start: () => {
      starting ??= restart().finally(() => {
        starting = undefined;
      });
      return starting;
    },
  };
  return seat;
}

function isFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}
