import { setTimeout as pause } from "node:timers/promises";
import { inParallel } from "../../support/in-parallel.js";
import { createOwner } from "../../support/owner.js";
import { slowdown } from "../../support/slowdown.js";
import { until } from "../../support/until.js";
import type { Loss } from "../audit.js";
import { type Clients, startClients } from "../clients.js";
import { hangUp } from "../journal.js";
import { LONGEST, late, type Struck } from "../outage.js";
import { auditProof } from "../proof.js";
import { type Planned, planFaults, planSteps } from "../schedule.js";
import { type Report, summary } from "../torture.js";
import { type Arena, openArena } from "./arena.js";
import { audit } from "./audit.js";
import {
  campaignOf,
  LIMITED,
  makeCampaigns,
  makeLikely,
  outboxes,
  VERIFIABLE,
} from "./campaigns.js";
import { FAULTS, type Kind } from "./faults.js";

const LONGEST_FAULT_MS = 3_000;

/** Draws after the storm that find none of the prizes with a limit, one after the other: then none is left. */
const ENOUGH = 150;

/** Campaigns on shards of a cluster, under load, with faults from the seed; then quiet, the rest of the prizes, and an audit. */
export async function tortureShards(
  seed: number,
  seconds: number,
  say: (line: string) => void,
): Promise<Report> {
  const owner = createOwner();
  try {
    const arena = await openArena(owner);
    await makeCampaigns(arena, seconds);
    const clients = startClients(arena.slots, planSteps(seed), campaignOf);
    owner.teardown(clients.stop);
    owner.teardown(hangUp);
    const kinds = Object.keys(FAULTS) as Kind[];
    const plan = planFaults(kinds, seed, arena.slots.length, LONGEST_FAULT_MS);
    const end = clients.now() + seconds * 1_000;
    const struck = await strikeAll(arena, plan, clients, end, say);
    await pause(3_000); // everything is whole again, and the load shows it
    await clients.stop();
    const load = [...clients.journal];
    const losses = struck.flatMap(lossOf);
    const asked = await clients.askAgain(new Set());
    say(`${asked} users without an answer asked again`);
    await makeLikely(arena);
    say(`${await drawOn(arena, clients)} draws until nothing was left`);
    await askUntold(arena, clients);
    await until("empty outboxes", () => drained(arena)).catch(() => {});
    const { journal } = clients;
    const findings = await audit(arena, journal, load, losses);
    const slowest = Math.max(...struck.map((it) => it.slowdown));
    findings.push(...late(journal, struck, LONGEST * slowest));
    for (const slot of arena.slots) await slot.stop();
    const { world, zone } = arena;
    const of = { world, timeZone: zone, losses: losses.length };
    findings.push(...(await auditProof(of, VERIFIABLE)));
    return { seed, seconds, findings, faults: summary(kinds, journal, struck) };
  } finally {
    await owner.end();
  }
}

/** With how busy the machine was then. */
type Felt = Struck<Kind> & { slowdown: number };

async function strikeAll(
  arena: Arena,
  plan: Planned<Kind>[],
  clients: Clients,
  end: number,
  say: (line: string) => void,
): Promise<Felt[]> {
  const struck: Felt[] = [];
  const { now } = clients;
  for (const [n, { kind, after, lasts, slot: at }] of plan.entries()) {
    if (now() > end) break;
    await pause(after);
    const slot = arena.slots[at] as Arena["slots"][number];
    const fault = { kind, slot: at, from: now(), to: 0, alone: true };
    say(
      `${Math.round(now() / 1000)} s  ${kind}  (server ${at}, shard ${n % 8})`,
    );
    const what = `${kind} did not come about`;
    const heal = await FAULTS[kind](arena, slot, n).catch((error) => {
      say(`     ${what}: ${error}`);
    });
    await pause(lasts);
    await heal?.();
    struck.push({ ...fault, to: now(), slowdown: slowdown() });
    await served(arena, clients, now()).catch((error) => {
      arena.mishaps.push(`${kind}: ${error.cause ?? error}`);
    });
  }
  return struck;
}

/** What masters may have lost of the draws without a prize: what their replica, or their file, did not have yet. */
function lossOf({ kind, from, to }: Struck): Loss[] {
  const isLoss =
    kind.startsWith("master: ") && kind !== "master: CLUSTER FAILOVER";
  return isLoss ? [{ from: from - 2_000, to: to + 500 }] : [];
}

/** Has everybody with a win that was not told ask without a key: where there are two draws, another one may come between. */
async function askUntold({ world, slots }: Arena, clients: Clients) {
  for (let n = 0; n < 5; n += 1) {
    const told = new Set(clients.journal.flatMap(({ id }) => id ?? []));
    const rows = await world.sql<Winner[]>`
      select id, user_id as name, campaign_id as campaign from result`;
    const untold = rows.filter(({ id }) => !told.has(id));
    await inParallel(untold, 12, async (user) => {
      await clients.ask(user, n % slots.length);
    });
  }
}

type Winner = { id: string; name: string; campaign: string };

/** How long after a fault every server must answer again. */
const LONGEST_OUTAGE_MS = 30_000;

/** Waits until every server has answered since then. */
async function served(
  { slots }: Arena,
  { journal }: Clients,
  since: number,
): Promise<void> {
  await until(
    "answers of all servers",
    async () => {
      for (const { n } of slots) {
        const isBack = journal.some(
          ({ slot, status, at }) => slot === n && status === 200 && at >= since,
        );
        if (!isBack) throw new Error(`server ${n} answers nobody`);
      }
    },
    LONGEST_OUTAGE_MS,
  );
}

/** Fresh users, until what lost wins gave back is gone, too: it comes back within some seconds. */
async function drawOn({ slots }: Arena, clients: Clients) {
  let count = 0;
  let dry = 0;
  const isLimited = new Set(LIMITED.map(({ id }) => id));
  const least = performance.now() + 20_000;
  const lane = async () => {
    while (dry < ENOUGH || performance.now() < least) {
      count += 1;
      const user = { name: `late ${count}`, campaign: "many" };
      const { prize, status } = await clients.ask(user, count % slots.length);
      if (status !== 200) continue;
      dry = prize && isLimited.has(prize) ? 0 : dry + 1;
    }
  };
  await Promise.all(Array.from({ length: 12 }, lane));
  return count;
}

async function drained({ world }: Arena): Promise<void> {
  for (const outbox of outboxes()) {
    const left = await world.redis.xlen(outbox);
    if (left > 0) throw new Error(`${left} in ${outbox}`);
  }
}
