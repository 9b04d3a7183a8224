import { startProcess } from "../test/support/server-process.js";
import { startCrew } from "../test/support/workers.js";
import { audit } from "./support/audit.js";
import { startContestants } from "./support/contestants.js";
import { type Load, load } from "./support/load.js";
import { type Answer, type Asking, round } from "./support/question.js";
import { alternate, median, ratio } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { startWorld } from "./support/world.js";

// What does a draw cost each part, with one, two and four processes on one Redis, as servers or as workers that share a
// port: how many of each does one need?

const PROCESSES = [1, 2, 4];

/** Callers in all. */
const CONNECTIONS = 128;

/** Seconds of load for each process beforehand. */
const WARM_S = 4;

/** Servers, or one server of several workers. */
type Contestant = { urls: string[]; pids: number[] };

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
    while (servers.length < Math.max(...PROCESSES)) {
      servers.push(await startProcess(world.owner, world));
    }
    const contestants = new Map<string, Contestant>();
    for (const count of PROCESSES) {
      const those = servers.slice(0, count);
      contestants.set(`servers ${count}`, {
        urls: those.map(({ url }) => url),
        pids: those.map(({ child }) => child.pid ?? 0),
      });
      if (count === 1) continue;
      const crew = await startCrew(world.owner, world, count);
      const pids = [crew.child.pid ?? 0, ...crew.pids().values()];
      contestants.set(`workers ${count}`, { urls: [crew.url], pids });
    }
    const loads: Load[] = [];
    // Each process is to be as warm as the others.
    for (const { url } of servers) loads.push(await load(url, 64, WARM_S));
    for (const { urls, pids } of contestants.values()) {
      const [url = ""] = urls;
      const workers = urls.length === 1 ? pids.length - 1 : 0;
      if (workers > 0) loads.push(await load(url, 64, WARM_S * workers));
    }

    async function run({ urls, pids }: Contestant): Promise<Run> {
      const before = await world.cpu(pids);
      const own = process.cpuUsage();
      const its = await Promise.all(
        urls.map((url) => load(url, CONNECTIONS / urls.length, quick ? 2 : 5)),
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

    const names = [...contestants.keys()];
    const runs = [...contestants].map(
      ([name, it]) => [name, () => run(it)] as const,
    );
    const seen = await alternate(Object.fromEntries(runs), quick ? 1 : 5, say);
    const all = (name: string, part: keyof Run) =>
      (seen[name] ?? []).map((it) => it[part]);
    const middle = (name: string, part: keyof Run) => median(all(name, part));
    const against = (name: string, part: keyof Run) => {
      const of = ratio(all(name, part), all(names[0] ?? "", part));
      return `${round(of.median)} (${round(of.least)} to ${round(of.most)})`;
    };
    const parts = ["server", "redis", "postgres"] as const;
    const rows = names.map((name) => ({
      processes: name,
      "draws/s": Math.round(middle(name, "rate")),
      ...Object.fromEntries(
        parts.map((part) => [`${part} µs/draw`, round(middle(name, part))]),
      ),
      "load generator µs/draw": round(middle(name, "load")),
      "draws/s against one": against(name, "rate"),
      "server µs against one": against(name, "server"),
    }));
    const perCore = names.map((name) => ({
      processes: name,
      ...Object.fromEntries(
        parts.map((part) => [part, Math.round(1e6 / middle(name, part))]),
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
