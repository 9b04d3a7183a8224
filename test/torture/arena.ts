import { createProxy, type Link } from "../support/link.js";
import { noonZone } from "../support/noon-zone.js";
import type { Owner } from "../support/owner.js";
import { startStores } from "../support/stores.js";
import { ownWorld, type World } from "../support/world.js";
import { type SetClock, settableClock } from "./clock.js";
import { openSeat, type Seat } from "./seat.js";
import { type Standby, startStandby } from "./standby.js";

/** A server with links of its own. */
export type Slot = Seat & { redis: Link; postgres: Link };

export type Arena = {
  world: World;
  stores: Awaited<ReturnType<typeof startStores>>;
  slots: Slot[];
  /** of the servers: it is about noon */
  zone: string;
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
    zone: noonZone(new Date()),
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
  const { world, mishaps, zone } = arena;
  const redis = await createProxy(t, world.redisUrl);
  const postgres = await createProxy(t, world.databaseUrl);
  const urls = { redisUrl: redis.url, databaseUrl: postgres.url };
  const read = (lines: string[]) => readLog(lines, arena);
  const seat = await openSeat(t, { n, urls, mishaps, read, zone });
  return Object.assign(seat, { redis, postgres });
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
