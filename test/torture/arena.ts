import { createServer } from "node:net";
import { freePort } from "../../src/stores/embedded/redis.js";
import { createProxy, type Link } from "../support/link.js";
import { noonZone } from "../support/noon-zone.js";
import type { Owner } from "../support/owner.js";
import { type ServerProcess, startProcess } from "../support/server-process.js";
import { startStores } from "../support/stores.js";
import { until } from "../support/until.js";
import { ownWorld, type World } from "../support/world.js";
import { type SetClock, settableClock } from "./clock.js";
import { type Standby, startStandby } from "./standby.js";

/** One of the servers: its address stays, its process comes and goes. */
export type Slot = {
  n: number;
  url: string;
  redis: Link;
  postgres: Link;
  process: ServerProcess;
  /** SIGSTOP and SIGCONT, kill -9, and a new process at the same address. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** SIGTERM. Returns the exit code, or 0 where a kill -9 came first. */
  stop(): Promise<number | null>;
  start(): Promise<void>;
};

export type Arena = {
  world: World;
  stores: Awaited<ReturnType<typeof startStores>>;
  slots: Slot[];
  /** undefined where Redis runs in a container, as below: it reaches no other one, and has libraries of its own */
  standby: Standby | undefined;
  setClock: SetClock | undefined;
  /** prize → its last unit that Redis may have lost together with the outbox that held its win */
  lostUpTo: Map<string, number>;
  /** lines that servers logged as errors, and ends that nobody asked for */
  mishaps: string[];
  /** units whose win has no row, and why, as the servers' logs tell: prize and unit → fate */
  unrecorded: Map<string, string>;
};

/** Servers, each with a link of its own to each store, so that anything can happen to any of them. */
export async function openArena(t: Owner, servers: number): Promise<Arena> {
  const contained = process.env.TEST_STORES === "containers";
  const setClock = contained ? undefined : await settableClock(t);
  const stores = await startStores();
  t.teardown(() => stores.close());
  const world = ownWorld(t, stores);
  const arena: Arena = {
    world,
    stores,
    slots: [],
    standby: contained ? undefined : await startStandby(t, world),
    lostUpTo: new Map(),
    setClock,
    mishaps: [],
    unrecorded: new Map(),
  };
  for (let n = 0; n < servers; n += 1) {
    arena.slots.push(await openSlot(t, arena, n));
  }
  return arena;
}

async function openSlot(t: Owner, arena: Arena, n: number): Promise<Slot> {
  const { world, mishaps } = arena;
  const redis = await createProxy(t, world.redisUrl);
  const postgres = await createProxy(t, world.databaseUrl);
  const port = await freePort();
  const settings = { PORT: String(port), TIME_ZONE: noonZone(new Date()) };
  const urls = { redisUrl: redis.url, databaseUrl: postgres.url };
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
    child.stdout?.on("data", () => readLog(lines.splice(0), arena));
    return launched;
  }

  /** After the start that another fault's end has begun. */
  const end = async (signal: NodeJS.Signals) => {
    await starting;
    expected = true;
    killed ||= signal === "SIGKILL";
    return slot.process.end(signal);
  };
  const restart = async () => {
    if (!expected) return; // two faults ended it, and it is back
    await until("the port", () => isFree(port));
    slot.process = await launch();
  };
  const slot: Slot = {
    n,
    url: `http://127.0.0.1:${port}`,
    redis,
    postgres,
    process: await launch(),
    pause: () => slot.process.child.kill("SIGSTOP"),
    resume: () => slot.process.child.kill("SIGCONT"),
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
  return slot;
}

/** What a log line says that the audit must know. */
function readLog(lines: string[], { mishaps, unrecorded }: Arena): void {
  for (const line of lines) {
    const { level, msg, prize_id, unit, fate } = JSON.parse(line) as Line;
    if (level >= 50) mishaps.push(line);
    if (msg === "a win has no row" && fate) {
      unrecorded.set(`${prize_id} ${unit}`, fate);
    }
  }
}

type Line = {
  level: number;
  msg: string;
  prize_id?: string;
  unit?: number;
  fate?: string;
};

function isFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}
