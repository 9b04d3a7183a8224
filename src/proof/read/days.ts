import type { Postgres } from "../../stores/postgres.js";
import { jsonOf, type Seal } from "../sealing/sealed-days.js";

/** How far the log of a shard is kept. */
export type Log = {
  shard: number;
  /** lines */
  size: number;
  /** of the file */
  bytes: number;
  /** the newest, a signed note */
  checkpoint: string | null;
};

/** A sealed day. */
export type Day = {
  campaign: string;
  /** 2026-12-01 */
  day: string;
  /** a signed note */
  seal: string;
  key_text: string;
  /** a signed note; null until the day is closed */
  close: string | null;
  logs: Log[];
};

export const sealOf = ({ seal }: Pick<Day, "seal">): Seal => jsonOf<Seal>(seal);

/** Whether a campaign can be called so: Postgres refuses texts with a NUL. */
export const isId = (campaign: string) => /^[a-z0-9-]{1,32}$/.test(campaign);

/** A page of the sealed days, the newest first; of one campaign, or of all. Rejects with UNAVAILABLE. */
export function listDays(
  postgres: Postgres,
  {
    campaign,
    after,
    count,
  }: {
    campaign?: string | undefined;
    after?: { day: string; campaign: string } | undefined;
    count: number;
  },
): Promise<Day[]> {
  if (campaign !== undefined && !isId(campaign)) return Promise.resolve([]);
  return postgres.query(
    (sql) => sql<Day[]>`
      ${columns(sql)}
      where ${campaign === undefined ? sql`true` : sql`d.campaign_id = ${campaign}`}
        and ${after ? sql`(d.draw_date < ${after.day}::text::date or (d.draw_date = ${after.day}::text::date and d.campaign_id > ${after.campaign}))` : sql`true`}
      order by d.draw_date desc, d.campaign_id limit ${count}::int`,
  );
}

/** A day, or undefined where none was sealed. Rejects with UNAVAILABLE. */
export async function findDay(
  postgres: Postgres,
  campaign: string,
  day: string,
): Promise<Day | undefined> {
  if (!isId(campaign)) return undefined;
  const [found] = await postgres.query(
    (sql) => sql<Day[]>`
      ${columns(sql)}
      where d.campaign_id = ${campaign} and d.draw_date = ${day}::text::date`,
  );
  return found;
}

type Sql = Parameters<Parameters<Postgres["query"]>[0]>[0];

/** A shard whose log has no line yet has an empty one. */
const columns = (sql: Sql) => sql`
  select d.campaign_id as campaign, d.draw_date::text as day, d.seal, d.key_text, d.close, (
    select jsonb_agg(jsonb_build_object(
      'shard', s.n, 'size', coalesce(l.size, 0), 'bytes', coalesce(l.bytes, 0), 'checkpoint', l.checkpoint) order by s.n)
    from generate_series(0, d.shards - 1) as s (n)
    left join proof_log l on l.campaign_id = d.campaign_id and l.draw_date = d.draw_date and l.shard = s.n
  ) as logs
  from proof_day d`;
