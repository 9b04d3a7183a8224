import { digestOf, listOf } from "../../admin/moments/generate.js";
import { readMoments } from "../../admin/moments/moments.js";
import { type Day, listDays } from "../../proof/read/days.js";
import type { Postgres } from "../../stores/postgres.js";

const PAGE = 100;

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

const FIRST = { at: "-infinity", id: "0" };

/** Rejects with UNAVAILABLE. */
export async function readCertificates(
  postgres: Postgres,
  campaign: string,
): Promise<Certificate[]> {
  const lists = new Map<string, { all: number[]; its: Certificate }>();
  for (let after = FIRST, more = true; more; ) {
    const page = await readMoments(postgres, campaign, after, PAGE);
    for (const { prize_id, at, created_at, created_by, result_id } of page) {
      const key = `${prize_id} ${created_at.toISOString()} ${created_by}`;
      const none = { count: 0, claimed: 0, sha256: "" };
      const made = { prize_id, created_at, created_by, ...none };
      const list = lists.get(key) ?? { all: [], its: made };
      lists.set(key, list);
      list.all.push(at.getTime());
      list.its.count += 1;
      if (result_id !== null) list.its.claimed += 1;
    }
    const last = page.at(-1);
    if (last) after = { at: last.at.toISOString(), id: last.id };
    more = page.length === PAGE;
  }
  return [...lists.values()].map(({ all, its }) => ({
    ...its,
    sha256: digestOf(listOf(campaign, its.prize_id, all)),
  }));
}
