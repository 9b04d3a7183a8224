import { type Clock, isTimeZone } from "../clock.js";
import type { Keys } from "../stores/keys.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";

/** A row of `campaign`. Moments in milliseconds since the epoch; null where nothing is limited, or the settings say. */
export type Campaign = {
  id: string;
  title: string;
  time_zone: string | null;
  starts_at: number | null;
  ends_at: number | null;
  draws_per_day: number;
  wins_per_user: number | null;
  claim_days: number | null;
  /** over how many hash tags it is spread */
  shards: number;
  frozen: boolean;
  active: boolean;
  /** whether anybody can check its draws: src/verify/README.md */
  verifiable: boolean;
  /** whether what is published then names who drew */
  proof_names: "sealed" | "open";
};

/** A campaign without any rules of its own. */
export const PLAIN: Omit<Campaign, "id"> = {
  title: "",
  time_zone: null,
  starts_at: null,
  ends_at: null,
  draws_per_day: 1,
  wins_per_user: null,
  claim_days: null,
  shards: 1,
  frozen: false,
  active: true,
  verifiable: false,
  proof_names: "sealed",
};

/** What the parts of one campaign work with. `held`: the campaign as it was last read. */
export type Scope = {
  redis: Redis;
  postgres: Postgres;
  keys: Keys;
  clock: Clock;
  held: { campaign: Campaign };
  /** which of the campaign's shards; undefined where it has one */
  shard: number | undefined;
  /** the keys of all its shards */
  everywhere: Keys[];
};

/** A campaign with the version of its last edit. */
export type Versioned = Campaign & { version: string };

/** All campaigns, by id, or the one. Moments are the first millisecond at or after theirs. Rejects with UNAVAILABLE. */
export function readCampaigns(
  postgres: Postgres,
  id?: string,
): Promise<Versioned[]> {
  return postgres.query(
    (sql) => sql<Versioned[]>`
      select c.id, c.title, c.time_zone, c.draws_per_day, c.wins_per_user, c.claim_days, c.shards, c.frozen, c.active,
        c.verifiable, c.proof_names,
        ceil(extract(epoch from nullif(c.starts_at, '-infinity')) * 1000)::float8 as starts_at,
        ceil(extract(epoch from nullif(c.ends_at, 'infinity')) * 1000)::float8 as ends_at,
        v.version
      from campaign c
      join campaign_version v on v.campaign_id = c.id
      ${id === undefined ? sql`` : sql`where c.id = ${id}`}
      order by c.id`,
  );
}

/** The version of the last edit of anything. Rejects with UNAVAILABLE. */
export async function readVersion(postgres: Postgres): Promise<string> {
  const [row] = await postgres.query(
    (sql) => sql<{ version: string }[]>`select version from prize_version`,
  );
  return row?.version ?? "";
}

/** What draw.lua has to know of a campaign, as reload.lua takes it. `empty`: it has no prizes, and only its dates count; `verifiable`: its days have logs. */
export function rulesOf(
  campaign: Campaign,
  { empty = false, verifiable = false } = {},
): string {
  const { starts_at, ends_at, draws_per_day, wins_per_user, active, shards } =
    campaign;
  return JSON.stringify({
    ...(starts_at !== null && { starts_at }),
    ...(ends_at !== null && { ends_at }),
    ...(draws_per_day > 1 && { draws_per_day }),
    ...(wins_per_user !== null && { wins_per_user }),
    ...(!active && { inactive: true }),
    ...(empty && { empty }),
    ...(shards > 1 && { sharded: true }),
    ...(verifiable && { verifiable }),
  });
}

/** Why a campaign's own rules can't be in force. */
export function ruleProblem(campaign: Campaign): string | undefined {
  const { id, time_zone } = campaign;
  return time_zone === null || isTimeZone(time_zone)
    ? undefined
    : `The time zone ${time_zone} of the campaign ${id} does not exist: give it an IANA name such as Asia/Hong_Kong. What was in force stays so.`;
}

/** Where a campaign is at a moment, in milliseconds. */
export function phaseOf(
  { starts_at, ends_at, active }: Campaign,
  now: number,
): "inactive" | "announced" | "running" | "ended" {
  if (!active) return "inactive";
  if (starts_at !== null && now < starts_at) return "announced";
  return ends_at !== null && now >= ends_at ? "ended" : "running";
}

/** Whether nobody can draw any more after a campaign day: it ends with that day, or before. */
export const isLastDay = (
  { ends_at }: Campaign,
  day: { endsAt: number },
): boolean => ends_at !== null && ends_at <= day.endsAt;
