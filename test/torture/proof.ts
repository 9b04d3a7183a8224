import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { createClock } from "../../src/clock.js";
import { createServer } from "../../src/server.js";
import { checkDay } from "../support/check-day.js";
import { filesOfDay } from "../support/logged-day.js";
import { until } from "../support/until.js";
import type { World } from "../support/world.js";
import { broken, type Finding, seen } from "./audit.js";

/** With which days are sealed. */
export const PROOF_KEY = "70".repeat(32);

/** A server of tomorrow closes today's day of a campaign. Returns the day. */
export async function closeTomorrow(
  world: Pick<World, "databaseUrl" | "redisUrl" | "sql">,
  timeZone: string,
  campaign: string,
): Promise<string> {
  const today = createClock(timeZone, async () => Date.now()).today();
  const tomorrow = () => today.endsAt + 60_000 + performance.now();
  const { databaseUrl, redisUrl, sql } = world;
  const server = createServer(
    { TIME_ZONE: timeZone, DEFAULT_COUNTRY: "HK", PROOF_KEY },
    {
      ...{ databaseUrl, redisUrl, log: pino({ level: "silent" }) },
      ...{ localTime: tomorrow, sharedTime: async () => tomorrow() },
    },
  );
  try {
    await server.open();
    await until(
      `the close of ${campaign}`,
      async () => {
        await server.scheduler.tick();
        const [row] = await sql`
          select from proof_day
          where campaign_id = ${campaign} and draw_date = ${today.date}::text::date and close is not null`;
        if (!row) throw new Error("it is open");
      },
      120_000,
    );
  } finally {
    await server.close();
  }
  return today.date;
}

/** What the verifier says of these campaigns' day. `losses`: how often Redis may have lost data; without any, nothing may be declared lost. */
export async function auditProof(
  {
    world,
    timeZone,
    losses,
  }: { world: World; timeZone: string; losses: number },
  campaigns: string[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const campaign of campaigns) {
    const day = await closeTomorrow(world, timeZone, campaign);
    const files = Object.fromEntries(
      await filesOfDay(world, { campaign, day }),
    );
    const { wrong } = await checkDay(files);
    if (wrong.length > 0) await keepFiles(world, campaign, files);
    const kinds = Object.entries(files)
      .filter(([name]) => name.startsWith("log-"))
      .flatMap(([, text]) => text.split("\n").map((it) => it.split("\t")[2]));
    const count = (kind: string) => kinds.filter((it) => it === kind).length;
    findings.push(
      seen(`lines of ${campaign}'s logs`, kinds.length),
      seen("… draws", count("D")),
      seen("… wins that came to nothing, declared", count("V")),
      seen("… wins whose lines are gone, declared", count("R")),
      seen("… losses of Redis, declared", count("G")),
      broken("… what the verifier finds wrong", wrong),
      broken("… losses declared without one", losses > 0 ? 0 : count("G")),
    );
  }
  return findings;
}

/** For a look at what is wrong: the files of the day, and its rows. */
async function keepFiles(
  { sql }: World,
  campaign: string,
  files: Record<string, string>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "torture-day-"));
  const rows = await sql`
    select * from result where campaign_id = ${campaign} order by created_at`;
  const all = { ...files, "results.json": JSON.stringify(rows, null, 1) };
  for (const [name, text] of Object.entries(all)) {
    await writeFile(join(folder, name), text);
  }
  console.error(`the day of ${campaign} is in ${folder}`);
}
