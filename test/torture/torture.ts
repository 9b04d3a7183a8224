import { setTimeout as pause } from "node:timers/promises";
import { keysOf } from "../../src/stores/keys.js";
import { createOwner } from "../support/owner.js";
import { listing } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { until } from "../support/until.js";
import { type Arena, openArena } from "./arena.js";
import { audit, type Finding, type Loss, winnersOfLoss } from "./audit.js";
import {
  auditCampaigns,
  CAMPAIGNS,
  campaignOf,
  makeCampaigns,
} from "./campaigns.js";
import { startClients } from "./clients.js";
import { editor } from "./edits.js";
import { FAULTS, type Kind } from "./faults.js";
import { type Entry, hangUp } from "./journal.js";
import { late, type Struck, unavailability } from "./outage.js";
import { auditProof } from "./proof.js";
import { type Planned, planFaults, planSteps } from "./schedule.js";

export type Report = {
  seed: number;
  seconds: number;
  findings: Finding[];
  /** `longest`: milliseconds until it was served again */
  faults: { kind: string; times: number; longest: number | undefined }[];
};

/** Whether every promise held. */
export const isClean = ({ findings }: Report) =>
  findings.every(({ mustBeZero, count }) => !mustBeZero || count === 0);

const SERVERS = 3;

/** Load, faults from the seed, then quiet, and an audit. Ends all that it started, whatever fails. */
export async function torture(
  seed: number,
  seconds: number,
  say: (line: string) => void,
): Promise<Report> {
  const owner = createOwner();
  try {
    const arena = await openArena(owner, SERVERS);
    const edits = editor(arena.world, seed);
    await setPrizes(arena.world, edits.first);
    await makeCampaigns(arena, seconds);
    await listing(
      arena.slots.map(({ process }) => process),
      "FEW",
    );
    const clients = startClients(arena.slots, planSteps(seed), campaignOf);
    owner.teardown(clients.stop);
    owner.teardown(hangUp);
    const plan = planFaults(
      Object.keys(FAULTS) as Kind[],
      seed,
      SERVERS,
      seconds < 60 ? 1_000 : 3_000,
    );
    const end = clients.now() + seconds * 1_000;
    const struck = await strikeAll(arena, plan, clients.now, end, say, edits);
    await pause(3_000); // everything is whole again, and the load shows it
    await clients.stop();
    const losses = struck.flatMap(lossOf);
    const asked = await clients.askAgain(
      await winnersOfLoss(arena, clients.journal, losses),
    );
    say(`${asked} users without an answer, or with a lost one, asked again`);
    await until("an empty outbox", () => drained(arena), 20_000).catch(
      () => {},
    );
    const { journal } = clients;
    const findings = await audit(arena, journal, edits.greatest(), losses);
    findings.push(...(await auditCampaigns(arena, clients, losses)));
    findings.push(...late(journal, struck));
    for (const slot of arena.slots) await slot.stop();
    const { world, zone } = arena;
    const of = { world, timeZone: zone, losses: struck.filter(mayLose).length };
    findings.push(...(await auditProof(of, CAMPAIGNS)));
    return {
      seed,
      seconds,
      findings,
      faults: summary(Object.keys(FAULTS), journal, struck),
    };
  } finally {
    await owner.end();
  }
}

/** Strikes as planned until the time is over, then heals what is still broken. */
async function strikeAll(
  arena: Arena,
  plan: Planned<Kind>[],
  now: () => number,
  end: number,
  say: (line: string) => void,
  edits: ReturnType<typeof editor>,
): Promise<Struck<Kind>[]> {
  const struck: Struck<Kind>[] = [];
  let healing: Promise<void> = Promise.resolve();
  for (const { kind, after, lasts, slot, overlaps } of plan) {
    if (!overlaps) await healing;
    if (now() > end) break;
    await pause(after);
    await edits.next();
    const fault: Struck<Kind> = {
      kind,
      slot,
      from: now(),
      to: 0,
      alone: !overlaps,
    };
    struck.push(fault);
    say(`${Math.round(now() / 1000)} s  ${kind}  (server ${slot})`);
    const before = healing;
    healing = strike(arena, fault, lasts, now, say).then((happened) => {
      if (!happened) struck.splice(struck.indexOf(fault), 1);
      return before;
    });
  }
  await healing;
  return struck;
}

/** Returns whether it came about. */
async function strike(
  arena: Arena,
  fault: Struck<Kind>,
  lasts: number,
  now: () => number,
  say: (line: string) => void,
): Promise<boolean> {
  const slot = arena.slots[fault.slot];
  if (!slot) throw new Error(`no server ${fault.slot}`);
  const heal = await FAULTS[fault.kind](arena, slot).catch((error) => {
    say(`     ${fault.kind} did not come about: ${error}`);
  });
  if (!heal) return false;
  await pause(lasts);
  const began = now();
  await heal();
  fault.to = now();
  const took = Math.round(fault.to - began);
  if (took > 2_000) say(`     ${fault.kind} took ${took} ms to heal`);
  return true;
}

/** After these kinds of fault Redis is another one, or the same with older data. */
const mayLose = ({ kind }: Struck<Kind>) => kind.startsWith("redis: ");

/** What Redis may have lost of the draws without a prize. */
function lossOf({ kind, from, to }: Struck<Kind>): Loss[] {
  switch (kind) {
    case "redis: kill -9": // what its append-only file did not have yet
      return [{ from: from - 2_000, to: from + 500 }];
    case "redis: older data on the same connection":
      return [{ from: from - 500, to: to + 500 }];
    case "redis: FLUSHALL":
      return [{ from: 0, to: to + 500 }];
    case "redis: its clock three days ahead": // the day's keys expire
      return [{ from: 0, to: to + 500 }];
    default:
      return [];
  }
}

async function drained({ world }: Arena): Promise<void> {
  for (const campaign of ["default", ...CAMPAIGNS]) {
    const left = await world.redis.xlen(keysOf(campaign).outbox);
    if (left > 0) throw new Error(`${left} of ${campaign} are left`);
  }
}

/** How often each kind was, and how long it took until draws were answered again. */
export function summary(
  kinds: string[],
  journal: Entry[],
  struck: Struck[],
): Report["faults"] {
  return kinds.map((kind) => {
    const those = struck.filter((fault) => fault.kind === kind);
    const outages = those.flatMap(
      (fault) => unavailability(journal, fault, struck) ?? [],
    );
    const longest = outages.length > 0 ? Math.max(...outages) : undefined;
    return { kind, times: those.length, longest };
  });
}
