import { post } from "./post.js";
import type { World } from "./world.js";

/** A row of `campaign`: the columns that matter to tests; moments as texts. */
export type CampaignRow = {
  id: string;
  time_zone?: string;
  starts_at?: string | null;
  ends_at?: string | null;
  draws_per_day?: number;
  wins_per_user?: number | null;
  claim_days?: number | null;
  shards?: number;
  frozen?: boolean;
  active?: boolean;
  verifiable?: boolean;
  proof_names?: "sealed" | "open";
};

/** A row of `prize` in it. */
export type CampaignPrize = {
  id: string;
  probability?: number;
  daily_quota?: number | null;
  total_quota?: number | null;
  fallback?: boolean;
  release_from?: string;
  release_to?: string;
};

type Server = { campaigns: { check(): Promise<void> } };

/** Makes a campaign, or changes that of its id, gives it these prizes, and has every server given read it. */
export async function setCampaign(
  { sql }: World,
  campaign: CampaignRow,
  prizes: CampaignPrize[],
  ...servers: Server[]
): Promise<void> {
  const row = { title: `the ${campaign.id}`, ...campaign };
  await sql`
    insert into campaign ${sql(row)}
    on conflict (id) do update set ${sql(row)}`;
  for (const prize of prizes) {
    await sql`
      insert into prize ${sql({ campaign_id: campaign.id, title: `a ${prize.id}`, probability: 1, ...prize })}`;
  }
  for (const server of servers) await server.campaigns.check();
}

/** One POST /draw in a campaign. */
export const drawIn = (
  { url }: { url: string },
  campaign: string,
  username: string,
  key?: string,
) =>
  post(
    `${url}/draw`,
    { username, campaign },
    key === undefined ? {} : { "idempotency-key": key },
  );

/** The same, again and again while a server can't say now. */
export async function drawUntilToldIn(
  server: { url: string },
  campaign: string,
  username: string,
  key?: string,
) {
  for (;;) {
    const answer = await drawIn(server, campaign, username, key);
    if (answer.status !== 503) return answer;
  }
}
