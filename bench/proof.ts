import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { filesOfDay } from "../test/support/logged-day.js";
import { startProcess } from "../test/support/server-process.js";
import { home } from "../test/support/temporary-folder.js";
import { until } from "../test/support/until.js";
import { closeTomorrow, PROOF_KEY } from "../test/torture/proof.js";
import { audit } from "./support/audit.js";
import { type Load, load } from "./support/load.js";
import {
  type Answer,
  type Asking,
  atLeast,
  atMost,
  round,
} from "./support/question.js";
import { alternate, median, ratio } from "./support/rounds.js";
import { type BenchWorld, startWorld } from "./support/world.js";

// What does it cost that anybody can check the draws of a day, and how long does a check take?

const CAMPAIGNS = ["plain", "sealed", "open"] as const;
type Campaign = (typeof CAMPAIGNS)[number];

const NAMES: Record<Campaign, string> = {
  plain: "nobody can check it",
  sealed: "verifiable, sealed names",
  open: "verifiable, open names",
};

/** A load, and the microseconds of processor time of all parts that a draw took. */
type Run = Load & { cpu: number };

const CONNECTIONS = 128;

export async function proof({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const server = await startProcess(world.owner, world, { PROOF_KEY });
    await makeCampaigns(world, server.url);
    const warm: Load[] = [];
    for (const name of CAMPAIGNS) {
      warm.push(await load(server.url, 64, 1, undefined, name));
    }
    const run = (name: Campaign) => async (): Promise<Run> => {
      const before = await world.cpu([server.child.pid ?? 0]);
      const seconds = quick ? 2 : 5;
      const its = await load(server.url, CONNECTIONS, seconds, undefined, name);
      // The lines of this load are moved, too: that is part of its price.
      await logsEmpty(world);
      const after = await world.cpu([server.child.pid ?? 0]);
      const cpu = (["server", "redis", "postgres"] as const).reduce(
        (sum, part) => sum + after[part] - before[part],
        0,
      );
      return { ...its, cpu: cpu / its.answers };
    };
    const seen = (await alternate(
      { plain: run("plain"), sealed: run("sealed"), open: run("open") },
      quick ? 2 : 9,
      say,
    )) as Record<Campaign, Run[]>;
    const loads: Load[] = CAMPAIGNS.flatMap((name) => seen[name]);
    const bytes = {} as Record<Campaign, number>;
    for (const name of CAMPAIGNS) {
      const its = await countBytes(world, server.url, name);
      bytes[name] = its.bytes;
      loads.push(its.load);
    }
    const problems = await audit(world.sql, [...warm, ...loads]);
    const failed = loads.reduce((sum, { failures }) => sum + failures, 0);
    if (failed > 0) problems.push(`${failed} requests failed`);
    await server.end("SIGTERM");
    const checks = [];
    for (const name of ["sealed", "open"] as const) {
      say(`  closing and checking the day of ${name}`);
      checks.push(await check(world, name));
    }
    problems.push(...checks.flatMap(({ problem }) => problem ?? []));
    return report(seen, bytes, checks, problems);
  } finally {
    await world.owner.end();
  }
}

async function makeCampaigns({ sql }: BenchWorld, url: string): Promise<void> {
  await until("tables", () => sql`select from proof_day limit 1`);
  await sql`
    insert into campaign (id, title, verifiable, proof_names)
    select c.id || few, c.id || few, c.verifiable, c.names from unnest(array['', '-few']) as few, (values
      ('plain', false, 'sealed'), ('sealed', true, 'sealed'), ('open', true, 'open')) as c (id, verifiable, names)`;
  await sql`
    insert into prize (campaign_id, id, title, probability, daily_quota)
    select c.id, p.id, p.id, p.probability, p.daily_quota from campaign c, (values
      ('FIVE', 0.005, 100), ('TWO', 0.02, 500), ('ONE', 0.1, null)) as p (id, probability, daily_quota)
    where c.id <> 'default'`;
  for (const name of CAMPAIGNS) {
    await until(`${name} in force`, async () => {
      const answer = await fetch(`${url}/prizes?campaign=${name}`);
      if (answer.status !== 200) throw new Error(await answer.text());
    });
  }
}

/** Draws of as many participants in each: a bucket's own bytes are shared by its participants. */
const FEW = 30_000;

async function countBytes(world: BenchWorld, url: string, name: Campaign) {
  const before = await usedBytes(world);
  const its = await load(url, 64, 60, undefined, `${name}-few`, FEW);
  await logsEmpty(world);
  const bytes = ((await usedBytes(world)) - before) / its.answers;
  return { bytes, load: its };
}

async function usedBytes({ redis }: BenchWorld): Promise<number> {
  const info = await redis.info("memory");
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}

/** Waits until all lines of the logs are in Postgres. */
async function logsEmpty({ redis }: BenchWorld): Promise<void> {
  await until("all lines in Postgres", async () => {
    for (const key of await redis.keys("*:log:*")) {
      if ((await redis.xlen(key)) > 0) throw new Error(key);
    }
  });
}

type Check = {
  campaign: string;
  lines: number;
  seconds: number;
  megabytes: number;
  packed: number;
  problem?: string;
};

/** Closes the day as a server of tomorrow does, and has `npm run verify` check it. */
async function check(world: BenchWorld, campaign: Campaign): Promise<Check> {
  const day = await closeTomorrow(world, "UTC", campaign);
  const folder = await mkdtemp(join(home(), "bench-day-"));
  try {
    for (const [name, text] of await filesOfDay(world, { campaign, day })) {
      await writeFile(join(folder, name), text);
    }
    const [size] = await world.sql<{ lines: number; packed: number }[]>`
      select sum(lines)::float8 as lines, sum(length(packed))::float8 as packed from proof_chunk
      where campaign_id = ${campaign} and draw_date = ${day}::text::date`;
    const { lines = 0, packed = 0 } = size ?? {};
    const began = performance.now();
    const child = spawn(process.execPath, [VERIFIER, folder], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let most = 0;
    const watch = setInterval(async () => {
      most = Math.max(most, await residentBytes(child.pid ?? 0));
    }, 50);
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, "exit");
    clearInterval(watch);
    const seconds = (performance.now() - began) / 1_000;
    return {
      ...{ campaign, lines, seconds, packed },
      megabytes: most / 2 ** 20,
      ...(code !== 0 && { problem: said.trim().split("\n").at(-1) ?? "" }),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const VERIFIER = new URL("../dist/verify/main.js", import.meta.url).pathname;

async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1_024;
}

function report(
  seen: Record<Campaign, Run[]>,
  bytes: Record<Campaign, number>,
  checks: Check[],
  problems: string[],
): Answer {
  const of = (name: Campaign, what: "rate" | "cpu") =>
    seen[name].map((it) => it[what]);
  const rows = CAMPAIGNS.map((name) => {
    const rates = ratio(of(name, "rate"), of("plain", "rate"));
    const cpus = ratio(of(name, "cpu"), of("plain", "cpu"));
    return {
      campaign: NAMES[name],
      "draws/s": round(median(of(name, "rate"))),
      "of plain": `${round(rates.median)} × (${round(rates.least)} to ${round(rates.most)})`,
      "µs of all parts": round(median(of(name, "cpu"))),
      "µs of plain": `${round(cpus.median)} × (${round(cpus.least)} to ${round(cpus.most)})`,
      "bytes of Redis, 30,000 participants": round(bytes[name]),
    };
  });
  const more = (name: Campaign) => bytes[name] - bytes.plain;
  const slowest = Math.min(...checks.map((it) => it.lines / it.seconds));
  return {
    tables: [
      { title: "One campaign, one draw in eight wins", rows },
      {
        title: "The same days, checked",
        rows: checks.map((it) => ({
          day: it.campaign,
          lines: it.lines,
          seconds: round(it.seconds),
          "lines/s": round(it.lines / it.seconds),
          "MiB at most": round(it.megabytes),
          "bytes a line, packed": round(it.packed / it.lines),
        })),
      },
    ],
    targets: [
      ...(["sealed", "open"] as const).flatMap((name) => [
        atLeast(
          `draws/s of a campaign that nobody can check (${name} names)`,
          0.8,
          ratio(of(name, "rate"), of("plain", "rate")).median,
          " ×",
        ),
        atMost(`more of Redis (${name} names)`, 6, more(name), " bytes each"),
      ]),
      atLeast("a million lines in a minute", 16_667, slowest, " lines/s"),
    ],
    problems,
  };
}
