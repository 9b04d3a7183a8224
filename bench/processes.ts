import { startProcess } from "../test/support/server-process.js";
import { audit } from "./support/audit.js";
import { startContestants } from "./support/contestants.js";
import { type Load, load } from "./support/load.js";
import { type Answer, type Asking, round } from "./support/question.js";
import { alternate, median } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { startWorld } from "./support/world.js";

// What does a draw cost each part, with one, two and four server processes on one Redis: how many of each does one need?

const SERVERS = [1, 2, 4];

/** Callers in all. */
const CONNECTIONS = 128;

type Run = {
  rate: number;
  /** microseconds of processor time a draw */
  server: number;
  redis: number;
  postgres: number;
  load: number;
};

export async function processes({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const { server } = await startContestants(world, SAMPLE_PRIZES, []);
    const servers = [server];
    while (servers.length < Math.max(...SERVERS)) {
      servers.push(await startProcess(world.owner, world));
    }
    const loads: Load[] = [];
    for (const { url } of servers) loads.push(await load(url, 64, 2)); // warm

    async function run(count: number): Promise<Run> {
      const those = servers.slice(0, count);
      const pids = those.map(({ child }) => child.pid ?? 0);
      const before = await world.cpu(pids);
      const own = process.cpuUsage();
      const its = await Promise.all(
        those.map(({ url }) => load(url, CONNECTIONS / count, quick ? 2 : 5)),
      );
      const { user, system } = process.cpuUsage(own);
      const after = await world.cpu(pids);
      loads.push(...its);
      const draws = its.reduce((sum, { answers }) => sum + answers, 0);
      return {
        rate: its.reduce((sum, { rate }) => sum + rate, 0),
        server: (after.server - before.server) / draws,
        redis: (after.redis - before.redis) / draws,
        postgres: (after.postgres - before.postgres) / draws,
        load: (user + system) / draws,
      };
    }

    const runs = SERVERS.map(
      (count) => [`${count}`, () => run(count)] as const,
    );
    const seen = await alternate(Object.fromEntries(runs), quick ? 1 : 5, say);
    const middle = (count: number, part: keyof Run) =>
      median((seen[count] ?? []).map((it) => it[part]));
    const parts = ["server", "redis", "postgres"] as const;
    const rows = SERVERS.map((count) => ({
      servers: count,
      "draws/s": Math.round(middle(count, "rate")),
      ...Object.fromEntries(
        parts.map((part) => [`${part} µs/draw`, round(middle(count, part))]),
      ),
      "load generator µs/draw": round(middle(count, "load")),
    }));
    const perCore = SERVERS.map((count) => ({
      servers: count,
      ...Object.fromEntries(
        parts.map((part) => [part, Math.round(1e6 / middle(count, part))]),
      ),
    }));
    return {
      tables: [
        {
          title: `processor time a draw, ${CONNECTIONS} callers, sample prizes`,
          rows,
        },
        {
          title: "draws a second that one core of each part makes",
          rows: perCore,
        },
      ],
      targets: [],
      problems: await audit(world.sql, loads),
    };
  } finally {
    await world.owner.end();
  }
}
