import type { Test } from "tap";
import type { Server } from "../../src/server.js";
import type { Settings } from "../../src/services.js";
import { fakeTime } from "./fake-time.js";
import { startServer } from "./start-server.js";
import { until } from "./until.js";
import { createWorld } from "./world.js";

export const PROOF_KEY = "5e".repeat(32);
export const DAY = "2099-12-01";

/** A world, a clock, and servers that share both. */
export async function setUpProof(
  t: Test,
  {
    servers = 1,
    start = `${DAY}T10:00:00Z`,
    settings = {},
    options: more = {},
  }: {
    servers?: number;
    start?: string;
    settings?: Partial<Settings>;
    options?: object;
  } = {},
) {
  const world = await createWorld(t);
  const time = fakeTime(start);
  const options = {
    ...time.options(),
    settings: { PROOF_KEY, ...settings },
    ...more,
  };
  const all: (Server & { url: string })[] = [];
  for (let n = 0; n < servers; n += 1) {
    all.push(await startServer(t, world, options));
  }
  return { world, time, all, server: all[0] as Server & { url: string } };
}

/** Goes on until a day is closed: leases of servers that are gone and wins that nobody settled take seconds. */
export async function closeDay(
  {
    world,
    time,
    all,
  }: Pick<Awaited<ReturnType<typeof setUpProof>>, "world" | "time" | "all">,
  { day = DAY, after = "2099-12-02T00:00:30Z" } = {},
) {
  time.set(after);
  await until(
    `the close of ${day}`,
    async () => {
      for (const server of all) await server.scheduler.tick();
      const [row] = await world.sql`
        select from proof_day where draw_date = ${day}::text::date and close is not null`;
      if (!row) throw new Error("it is open");
    },
    60_000,
  );
}

export const receiptOf = ({ body }: { body: unknown }) =>
  (body as { receipt?: object }).receipt;
