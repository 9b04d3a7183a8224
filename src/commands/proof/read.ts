import { digestOf, listOf } from "../../admin/moments/generate.js";
import { type Moment, readMoments } from "../../admin/moments/moments.js";
import { type Day, listDays } from "../../proof/read/days.js";
import type { Postgres } from "../../stores/postgres.js";

const PAGE = 100;
const MOMENTS_PAGE = 1_000;

/** All sealed days of a campaign, the first one first. Rejects with UNAVAILABLE. */
export async function readAllDays(
  postgres: Postgres,
  campaign: string,
): Promise<Day[]> {
  const days: Day[] = [];
  for (let more = true; more; ) {
    const after = days.at(-1);
    const page = await listDays(postgres, { campaign, after, count: PAGE });
    days.push(...page);
    more = page.length === PAGE;
  }
  return days.reverse();
}

export type Prize = {
  id: string;
  title: string;
  probability: number;
  daily_quota: number | null;
  total_quota: number | null;
  active: boolean;
  fallback: boolean;
};

export function readPrizes(
  postgres: Postgres,
  campaign: string,
): Promise<Prize[]> {
  return postgres.query(
    (sql) => sql<Prize[]>`
      select id, title, probability::float8, daily_quota, total_quota, active, fallback from prize
      where campaign_id = ${campaign} order by id`,
  );
}

/** A change of the campaign, or of a prize. */
export type Change = {
  changed_at: Date;
  changed_by: string;
  prize_id: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

export function readChanges(
  postgres: Postgres,
  campaign: string,
): Promise<Change[]> {
  return postgres.query(
    (sql) => sql<Change[]>`
      select changed_at, changed_by, prize_id, before, after from prize_change
      where campaign_id = ${campaign} order by id`,
  );
}

/** Moments that were made together: src/admin/moments tells the same when they are made. */
export type Certificate = {
  prize_id: string;
  created_at: Date;
  created_by: string;
  count: number;
  claimed: number;
  sha256: string;
};

/** Moments of one prize by one person are of one list unless so many milliseconds lie between. */
const APART_MS = 1_000;

/** Rejects with UNAVAILABLE. */
export async function readCertificates(
  postgres: Postgres,
  campaign: string,
): Promise<Certificate[]> {
  const all = await readAllMoments(postgres, campaign);
  const byMaking = (one: Moment, other: Moment) =>
    one.created_at.getTime() - other.created_at.getTime();
  const lists: Moment[][] = [];
  const latest = new Map<string, Moment[]>();
  for (const moment of all.toSorted(byMaking)) {
    const whose = `${moment.prize_id} ${moment.created_by}`;
    const list = latest.get(whose) ?? [];
    const last = list.at(-1);
    const isNext = last && byMaking(moment, last) <= APART_MS;
    const its = isNext ? list : [];
    if (!isNext) lists.push(its);
    its.push(moment);
    latest.set(whose, its);
  }
  return lists.map((list) => {
    const { prize_id, created_at, created_by } = list[0] as Moment;
    const times = list.map(({ at }) => at.getTime()).sort((a, b) => a - b);
    return {
      ...{ prize_id, created_at, created_by },
      count: list.length,
      claimed: list.filter(({ result_id }) => result_id !== null).length,
      sha256: digestOf(listOf(campaign, prize_id, times)),
    };
  });
}

async function readAllMoments(
  postgres: Postgres,
  campaign: string,
): Promise<Moment[]> {
  const all: Moment[] = [];
  for (let more = true; more; ) {
    const last = all.at(-1);
    const after = last
      ? { at: last.at.toISOString(), id: last.id }
      : { at: "-infinity", id: "0" };
    const page = await readMoments(postgres, campaign, after, MOMENTS_PAGE);
    all.push(...page);
    more = page.length === MOMENTS_PAGE;
  }
  return all;
}
