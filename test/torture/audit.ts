import { keys } from "../../src/stores/keys.js";
import type { World } from "../support/world.js";
import type { Arena } from "./arena.js";
import type { Entry } from "./journal.js";

/** A moment at which Redis may have lost writes, in milliseconds of the run: the stated limit for losing draws. */
export type Loss = { from: number; to: number };

/** The greatest quotas that a prize ever had. */
export type Quotas = {
  id: string;
  daily_quota: number | null;
  total_quota: number | null;
};

export type Row = {
  id: string;
  user_id: string;
  prize_id: string;
  unit: number;
};

/** A line of the audit. `mustBeZero`: anything else is a broken promise. */
export type Finding = {
  what: string;
  count: number;
  mustBeZero: boolean;
  examples?: unknown[];
};

/** Reads journal, Postgres and Redis once all is quiet, and states what it finds. */
export async function audit(
  arena: Arena,
  journal: Entry[],
  quotas: Quotas[],
  losses: Loss[],
): Promise<Finding[]> {
  const { world, slots, mishaps } = arena;
  const rows = await world.sql<Row[]>`
    select id, user_id, prize_id, unit::int as unit from result where campaign_id = 'default'`;
  const rowIds = new Set(rows.map(({ id }) => id));
  const draws = journal.filter(
    ({ act, campaign }) => act === "draw" && campaign === "default",
  );
  const announced = new Map(
    draws.flatMap(({ id, user }) => (id ? [[id, user] as const] : [])),
  );
  const of = byUser(draws);
  const untold = rows.filter(({ id }) => !announced.has(id));
  const again = drewAgain(of, losses);
  const units = await unitsLost(arena, rows);

  const status = (wanted: number) =>
    journal.filter((entry) => entry.status === wanted).length;
  return [
    seen("servers", slots.length),
    seen("draws tried", draws.length),
    seen("redemptions tried", journal.length - draws.length),
    seen("answers 200", status(200)),
    seen("refusals 503", status(503)),
    seen("refusals 404 and 409", status(404) + status(409)),
    seen("connections that broke: outcome unknown", status(0)),
    broken("other answers", others(journal)),
    seen("announced wins", announced.size),
    seen("wins in Postgres", rows.length),
    broken(
      "announced but missing",
      [...announced].filter(([id]) => !rowIds.has(id)),
    ),
    broken("announced to somebody else", misled(announced, rows)),
    broken(
      "wins whose winner asked to the end and was not told",
      untold.map((row) => [row, draws.filter((it) => it.user === row.user_id)]),
    ),
    broken("users with two wins in a day", twice(announced)),
    broken("users with two draws in a day", again.users),
    seen("… within the stated limit (Redis lost a losing draw)", again.limit),
    broken("winners who drew again", again.winners),
    broken("keys with two outcomes", keysWithTwo(draws, losses)),
    broken("oversold units", await oversold(world, quotas)),
    broken(
      "redemptions that were answered and do not stand",
      await badRedemptions(world, journal),
    ),
    broken("results left in the outbox", await world.redis.xlen(keys.outbox)),
    ...units,
    broken("servers' errors, and ends unasked for", mishaps),
  ];
}

/**
 * Users who were told that they lost, by a decision that Redis then lost, and who have a win all the same: an outbox of
 * before held one that Postgres had refused. They hear of it when they come again.
 */
export async function winnersOfLoss(
  { world }: Arena,
  journal: Entry[],
  losses: Loss[],
): Promise<Set<string>> {
  const losers = new Set(
    journal
      .filter((it) => it.campaign === "default" && lost(it, losses))
      .map(({ user }) => user),
  );
  const rows = await world.sql<{ user_id: string }[]>`
    select user_id from result where campaign_id = 'default'`;
  return new Set(
    rows.map((row) => row.user_id).filter((user) => losers.has(user)),
  );
}

export function byUser(draws: Entry[]): Map<string, Entry[]> {
  const of = new Map<string, Entry[]>();
  for (const entry of draws) {
    if (entry.status !== 200) continue;
    const list = of.get(entry.user);
    if (list) list.push(entry);
    else of.set(entry.user, [entry]);
  }
  return of;
}

export const others = (journal: Entry[]) =>
  journal.filter(({ status }) => ![200, 404, 409, 503, 0].includes(status))
    .length;

export function misled(announced: Map<string, string>, rows: Row[]): number {
  const owner = new Map(rows.map((row) => [row.id, row.user_id]));
  const wrong = [...announced].filter(([id, user]) => owner.get(id) !== user);
  return wrong.filter(([id]) => owner.has(id)).length;
}

export function twice(announced: Map<string, string>): number {
  return announced.size - new Set(announced.values()).size;
}

/**
 * Whoever had two decisions: a key's repeat is the same decision, and so is a win told again. Losing twice, or losing
 * and then winning, is within the stated limit where Redis lost writes in between.
 */
export function drewAgain(of: Map<string, Entry[]>, losses: Loss[]) {
  const users: Entry[][] = [];
  const limit: Entry[][] = [];
  const winners: Entry[][] = [];
  for (const entries of of.values()) {
    const attempts = new Map<string, Entry>();
    for (const [n, entry] of entries.entries()) {
      if (entry.what === "no_prize")
        attempts.set(entry.key ?? `request ${n}`, entry);
      else if (entry.what === "won") attempts.set(entry.id ?? "", entry);
    }
    const decisions = [...attempts.values()].sort(
      (a, b) => ended(a) - ended(b),
    );
    if (decisions.length < 2) continue;
    const won = decisions.find(({ what }) => what === "won");
    const lostAfter = decisions.some(
      (it) => won && it.what === "no_prize" && it.at > ended(won),
    );
    if (lostAfter) winners.push(entries);
    else if (
      decisions.every((it) => it === decisions.at(-1) || lost(it, losses))
    )
      limit.push(entries);
    else users.push(entries);
  }
  return { users, limit, winners };
}

const ended = ({ at, took }: Entry) => at + took;

/** Whether Redis may have lost this decision. */
export const lost = (entry: Entry, losses: Loss[]) =>
  entry.what === "no_prize" &&
  losses.some(({ from, to }) => ended(entry) > from && entry.at < to);

export function keysWithTwo(draws: Entry[], losses: Loss[]): Entry[][] {
  const outcome = new Map<string, Entry>();
  const found: Entry[][] = [];
  for (const entry of draws) {
    const { key, user, what, id } = entry;
    if (key === undefined || !["won", "no_prize"].includes(what)) continue;
    const first = outcome.get(`${user} ${key}`);
    outcome.set(`${user} ${key}`, first ?? entry);
    if (first && (first.what !== what || first.id !== id)) {
      // The losing one came first and was lost, whichever of the answers was faster.
      const [loser, winner] =
        what === "no_prize" ? [entry, first] : [first, entry];
      const isExcused = winner.what === "won" && lost(loser, losses);
      if (isExcused && loser.at < ended(winner)) continue;
      found.push([first, entry]);
    }
  }
  return found;
}

/** Rows beyond the greatest quotas that the prize ever had, in all and on a day. */
async function oversold({ sql }: World, quotas: Quotas[]): Promise<number> {
  let count = 0;
  for (const { id, daily_quota, total_quota } of quotas) {
    const [row] = await sql<{ beyond: number }[]>`
      select
        (select greatest(0, count(*) - ${total_quota}::int)::int from result where prize_id = ${id})
        + (select coalesce(sum(greatest(0, n - ${daily_quota}::int)), 0)::int from (
            select count(*) as n from result where prize_id = ${id} group by draw_date) as day) as beyond`;
    count += row?.beyond ?? 0;
  }
  return count;
}

/** Every redemption that was answered must stand in Postgres as it was answered: one number a result, and its owner's. */
async function badRedemptions({ sql }: World, journal: Entry[]) {
  const told = journal.filter((it) => it.act === "redeem" && it.id);
  const rows = await sql<{ id: string; user_id: string }[]>`
    select id, user_id from result where redeemed_at is not null and phone_no is not null`;
  const owner = new Map(rows.map((row) => [row.id, row.user_id]));
  return told.filter(({ id, user }) => owner.get(id ?? "") !== user);
}

/** Units that Redis counted and nobody has: why. */
async function unitsLost(
  { world, unrecorded, lostUpTo }: Arena,
  rows: Row[],
): Promise<Finding[]> {
  const { "@draws": _, ...taken } = await world.redis.hgetall(keys.taken);
  const unitsOf = (counts: Iterable<[string, string | number]>) =>
    [...counts].flatMap(([prize, count]) =>
      Array.from({ length: Number(count) }, (_, n) => `${prize} ${n + 1}`),
    );
  const sold = new Set(rows.map(({ prize_id, unit }) => `${prize_id} ${unit}`));
  const lost = unitsOf(Object.entries(taken)).filter((it) => !sold.has(it));
  const because = (fate?: string) =>
    lost.filter((unit) => unrecorded.get(unit) === fate);
  // Nobody was told of those wins: their INSERT was still to come.
  const withOutbox = new Set(unitsOf(lostUpTo));
  const [excused, rest] = [true, false].map((wanted) =>
    because(undefined).filter((unit) => withOutbox.has(unit) === wanted),
  ) as [string[], string[]];
  return [
    seen("units lost between Redis and Postgres", lost),
    seen("… its quota had been lowered meanwhile", because("refused")),
    seen("… its user had a win that Redis had lost", because("participated")),
    seen(
      "… Redis had forgotten its draw, and its user drew again",
      because("forgotten"),
    ),
    seen("… Redis had lost its win with the outbox", excused),
    broken("… without an explanation", rest),
  ];
}

export const seen = (what: string, found: number | unknown[]): Finding => ({
  ...line(what, found),
  mustBeZero: false,
});

export const broken = (what: string, found: number | unknown[]): Finding => ({
  ...line(what, found),
  mustBeZero: true,
});

function line(what: string, found: number | unknown[]) {
  if (typeof found === "number") return { what, count: found };
  return { what, count: found.length, examples: found.slice(0, 3) };
}
