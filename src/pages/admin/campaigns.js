import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "./session.js";

/**
 * @typedef {import("typebox").Static<typeof import("../../admin/schemas/campaigns.js").CampaignTableAnswer>["data"]} CampaignTable
 * @typedef {CampaignTable["campaigns"][number]} Campaign
 * @typedef {{
 *   table: CampaignTable | undefined, problem: string, read: () => Promise<void>, put: (table: CampaignTable) => void
 * }} Campaigns
 */

/** All campaigns with their rules. @param {import("./session.js").Session} session @returns {Campaigns} */
export function useCampaigns(session) {
  const [table, put] = useState(
    /** @type {CampaignTable | undefined} */ (undefined),
  );
  const [problem, setProblem] = useState("");
  const read = useCallback(async () => {
    const { status, body } = await ask(session, "campaigns");
    setProblem(status === 200 ? "" : body.error);
    if (status === 200) put(body.data);
  }, [session]);
  useEffect(() => {
    read();
  }, [read]);
  return { table, problem, read, put };
}
