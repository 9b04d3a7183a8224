import type { Static } from "typebox";
import { isTimeZone } from "../../clock.js";
import { invalid } from "../../errors.js";
import type { Postgres } from "../../stores/postgres.js";
import { failureOf } from "../prizes/change-prizes.js";
import type { CampaignRow as Schema } from "../schemas/campaigns.js";

/** A row of `campaign`; moments as Postgres writes them in JSON. */
export type CampaignRow = Static<typeof Schema>;

export type CampaignTable = { version: string; campaigns: CampaignRow[] };

export type CampaignChange = {
  /** create: it must be new; change: what is given of it changes */
  mode: "create" | "change";
  campaign: { id: string; [field: string]: unknown };
  /** the version that was read, null for any */
  expected: string | null;
  /** who changes it, for the history */
  changed_by: string;
  /** Check all, save nothing. */
  preview: boolean;
};

/** All campaigns, inactive and past ones too. Rejects with UNAVAILABLE. */
export async function readCampaignTable(
  postgres: Postgres,
): Promise<CampaignTable> {
  const [row] = await postgres.query(
    (sql) => sql<{ campaigns: CampaignTable }[]>`
      select campaign_table() as campaigns`,
  );
  return (row as { campaigns: CampaignTable }).campaigns;
}

/**
 * Makes or changes a campaign, and returns all as they are then, or would be. Rejects with INVALID_REQUEST,
 * PRECONDITION_FAILED, CAMPAIGN_NOT_FOUND, CAMPAIGN_EXISTS, CAMPAIGN_FROZEN, and UNAVAILABLE.
 */
export async function changeCampaign(
  postgres: Postgres,
  { mode, campaign, expected, changed_by, preview }: CampaignChange,
): Promise<CampaignTable> {
  refuseBad(campaign);
  const given = JSON.stringify(campaign);
  const [row] = await postgres
    .query(
      (sql) => sql<{ campaigns: CampaignTable }[]>`
        select change_campaign(
          ${mode}, ${given}::text::jsonb, ${expected}::text::bigint, ${changed_by}, ${preview}
        ) as campaigns`,
    )
    .catch((error: unknown) => {
      throw failureOf(error);
    });
  return (row as { campaigns: CampaignTable }).campaigns;
}

/** Makes a campaign of the rules and prizes of another, inactive and without dates. Rejects as `changeCampaign`. */
export async function copyCampaign(
  postgres: Postgres,
  { from, to, changed_by }: { from: string; to: string; changed_by: string },
): Promise<void> {
  await postgres
    .query((sql) => sql`select copy_campaign(${from}, ${to}, ${changed_by})`)
    .catch((error: unknown) => {
      throw failureOf(error);
    });
}

/** What no schema sees: zones, and days that no month has. */
function refuseBad(campaign: CampaignChange["campaign"]): void {
  const { time_zone } = campaign;
  if (typeof time_zone === "string" && !isTimeZone(time_zone)) {
    throw invalid(
      "time_zone",
      "must be an IANA time zone such as Asia/Hong_Kong, or null",
    );
  }
  for (const field of ["starts_at", "ends_at"]) {
    const text = campaign[field];
    if (typeof text !== "string") continue;
    const [date = ""] = text.split("T");
    const isDay = new Date(`${date}T00:00Z`).toJSON()?.startsWith(date);
    if (!isDay || Number.isNaN(Date.parse(text))) {
      throw invalid(
        field,
        "must be a moment such as 2026-12-24T18:00:00Z, or null",
      );
    }
  }
}
