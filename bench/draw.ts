import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import createSql from "postgres";
import { startEmbedded } from "../src/embedded.js";

/**
 * `npm run bench [-- SECONDS]`: how many draws a second one server takes, with unique users, the sample prizes and
 * durable wins, on stores of its own; then an audit that nothing was lost, doubled or oversold.
 */
const seconds = Number(process.argv[2] ?? 10);
const CONNECTIONS = 100;

const home = await mkdtemp(join(tmpdir(), "lucky-draw-bench-"));
const stores = await startEmbedded(home, () => {});
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const server = spawn(process.execPath, [main, "--sample-prizes"], {
  env: {
    PATH: process.env.PATH,
    PORT: "0",
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
  },
  stdio: ["ignore", "pipe", "inherit"],
});
const exited = once(server, "exit");

try {
  const url = await address();
  console.log(`${CONNECTIONS} connections for ${seconds} s …`);
  const { announced, result } = await load(url);
  const problems = await audit(announced);
  console.table([
    {
      "draws/s": Math.round(result.requests.average),
      "p50 ms": result.latency.p50,
      "p99 ms": result.latency.p99,
      draws: result["2xx"],
      wins: announced.length,
      refused: result.non2xx,
      errors: result.errors,
    },
  ]);
  for (const problem of problems) console.error(`AUDIT FAILED: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else
    console.log(
      "audit: every announced win has its row, nobody won twice, no quota is passed",
    );
} finally {
  server.kill("SIGTERM");
  await exited;
  await stores.close();
  await rm(home, { recursive: true, force: true });
}

async function address(): Promise<string> {
  for await (const line of createInterface(server.stdout)) {
    const found = /listening at (http:\/\/[^"\s]+)/.exec(line)?.[1];
    if (found) return found;
  }
  throw new Error("the server did not start");
}

async function load(url: string) {
  const announced: string[] = [];
  let users = 0;
  const run = autocannon({
    url: `${url}/draw`,
    method: "POST",
    headers: { "content-type": "application/json" },
    connections: CONNECTIONS,
    duration: seconds,
    requests: [
      {
        setupRequest: (request) => {
          users += 1;
          return { ...request, body: `{"username":"user ${users}"}` };
        },
        onResponse: (_status, body) => {
          const id = /"result":\{"id":"([^"]+)"/.exec(body)?.[1];
          if (id) announced.push(id);
        },
      },
    ],
  });
  return { announced, result: await run };
}

/** What must not be: read from Postgres after the load. */
async function audit(announced: string[]): Promise<string[]> {
  const sql = createSql(stores.databaseUrl, { max: 1 });
  const [row] = await sql`
    select
      (select count(*)::int from unnest(${announced}::uuid[]) as a (id)
        where not exists (select from result r where r.id = a.id)) as "announced wins without a row",
      ${announced.length - new Set(announced).size}::int as "wins announced twice",
      (select count(*)::int from (
        select from result group by user_id, draw_date having count(*) > 1) as x) as "users with two wins",
      (select count(*)::int from prize p where p.total_quota < (
        select count(*) from result r where r.prize_id = p.id)) as "total quotas passed",
      (select count(*)::int from (
        select from result r join prize p on p.id = r.prize_id
        group by p.id, r.draw_date having count(*) > p.daily_quota) as x) as "daily quotas passed"`;
  await sql.end();
  const found = Object.entries(row ?? {}).filter(([, count]) => count > 0);
  if (announced.length === 0) found.push(["wins announced", 0]);
  return found.map(([what, count]) => `${what}: ${count}`);
}
