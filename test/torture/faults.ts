import createSql, { type Sql } from "postgres";
import { keys } from "../../src/stores/keys.js";
import { until } from "../support/until.js";
import type { Arena, Slot } from "./arena.js";

/** Strikes now; returns what heals it. */
export type Fault = (arena: Arena, slot: Slot) => Promise<() => unknown>;

const nothing = () => {};

/** A fault of the link between one server and a store, as `do` and `undo` of it. */
const link =
  (
    store: "redis" | "postgres",
    strike: (slot: Slot["redis"]) => void,
    heal: (slot: Slot["redis"]) => void = nothing,
  ): Fault =>
  async (_arena, slot) => {
    strike(slot[store]);
    return () => heal(slot[store]);
  };

/** A fault of a store as a whole. */
const store =
  (name: "redis" | "postgres", end: "kill" | "pause" | "stop"): Fault =>
  async ({ stores }) => {
    await stores[name][end]();
    const begin = end === "pause" ? "resume" : "start";
    // A postgres whose postmaster was killed starts once its other processes are gone.
    return () => until(`${name} again`, () => stores[name][begin](), 20_000);
  };

const CONTAINED = "Redis runs in a container";

/** What had been taken of each prize when Redis lost its outbox. */
function note(lostUpTo: Map<string, number>, taken: Record<string, string>) {
  for (const [prize, count] of Object.entries(taken)) {
    lostUpTo.set(prize, Math.max(lostUpTo.get(prize) ?? 0, Number(count)));
  }
}

/** Redis's clock steps, and steps back. */
function clock(seconds: number): Fault {
  return async ({ setClock }) => {
    if (!setClock) throw new Error(CONTAINED);
    await setClock(seconds);
    return () => setClock(0);
  };
}

/** Every kind of fault there is. */
export const FAULTS = {
  "server: kill -9": async (_arena, slot) => {
    await slot.kill();
    return slot.start;
  },
  "server: SIGTERM": async ({ mishaps }, slot) => {
    const code = await slot.stop();
    if (code !== 0) mishaps.push(`server ${slot.n} stopped with ${code}`);
    return slot.start;
  },
  "server: SIGSTOP": async (_arena, slot) => {
    slot.pause();
    return slot.resume;
  },
  "redis: kill -9": store("redis", "kill"),
  "redis: SIGSTOP": store("redis", "pause"),
  "redis: restart": store("redis", "stop"),
  "redis: SCRIPT FLUSH": async ({ world }) => {
    await world.redis.script("FLUSH");
    return nothing;
  },
  "redis: out of memory": async ({ world }) => {
    await world.redis.config("SET", "maxmemory", "1mb");
    return () =>
      until("memory", () => world.redis.config("SET", "maxmemory", "0"));
  },
  "redis: read-only": async ({ world }) => {
    // A replica of nobody: it keeps its data and refuses every write.
    await world.redis.replicaof("127.0.0.1", 1);
    return () => until("a primary", () => world.redis.replicaof("NO", "ONE"));
  },
  "redis: FLUSHALL": async ({ world, lostUpTo }) => {
    const last = await world.redis
      .multi()
      .hgetall(keys.taken)
      .flushall()
      .exec();
    note(lostUpTo, last?.[0]?.[1] as Record<string, string>);
    return nothing;
  },
  "redis: older data on the same connection": async (arena) => {
    const { standby, lostUpTo } = arena;
    if (!standby) throw new Error(CONTAINED);
    await standby.fallBehind();
    return () => standby.takeOver((taken) => note(lostUpTo, taken));
  },
  "redis: its clock three days ahead": clock(3 * 86_400),
  "redis: its clock ten minutes back": clock(-600),
  "redis: its clock half a minute back": clock(-30),
  "postgres: kill -9 of the postmaster": store("postgres", "kill"),
  "postgres: SIGSTOP": store("postgres", "pause"),
  "postgres: restart": store("postgres", "stop"),
  "postgres: in recovery": crashBackend,
  "postgres: out of connections": fillConnections,
  "redis link: reply lost": link("redis", (it) => it.dropReply()),
  "redis link: reply cut": link("redis", (it) => it.cutReply()),
  "redis link: slow": link(
    "redis",
    (it) => it.delay(150),
    (it) => it.delay(0),
  ),
  "redis link: half-open": link(
    "redis",
    (it) => it.silence(),
    (it) => it.restore(),
  ),
  "redis link: cut": link("redis", (it) => it.cut()),
  "postgres link: reply lost": link("postgres", (it) => it.dropReply()),
  "postgres link: reply cut": link("postgres", (it) => it.cutReply()),
  "postgres link: slow": link(
    "postgres",
    (it) => it.delay(150),
    (it) => it.delay(0),
  ),
  "postgres link: half-open": link(
    "postgres",
    (it) => it.silence(),
    (it) => it.restore(),
  ),
  "postgres link: cut": link("postgres", (it) => it.cut()),
} satisfies Record<string, Fault>;

export type Kind = keyof typeof FAULTS;

/** kill -9 of one backend: the postmaster ends all others and recovers, refusing everybody meanwhile. */
async function crashBackend({ world }: Arena) {
  const [row] = await world.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where application_name = 'lucky-draw' limit 1`;
  // Postgres does it itself, since its process numbers may be a container's. The backend that asks ends as well.
  const kill = `copy (select 1) to program 'kill -9 ${row?.pid ?? 0}'`;
  if (row) await world.sql.unsafe(kill).catch(nothing);
  return nothing;
}

const endBackends = (sql: Sql) =>
  sql`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lucky-draw'`.execute();

/** Takes every connection there is, and ends those that the servers hold. */
async function fillConnections({ world }: Arena) {
  const greedy = Array.from({ length: 120 }, () =>
    createSql(world.databaseUrl, {
      max: 1,
      connect_timeout: 5,
      onnotice: nothing,
      idle_timeout: 30,
    }),
  );
  const take = () =>
    Promise.allSettled(greedy.map((sql) => sql`select 1`.execute()));
  await take();
  // By one of the takers, since nobody else gets in.
  await Promise.any(greedy.map(endBackends));
  await take();
  return () => Promise.allSettled(greedy.map((sql) => sql.end({ timeout: 0 })));
}
