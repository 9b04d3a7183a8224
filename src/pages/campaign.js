/** The campaign that the page's address names, or undefined: the one of whoever names none. */
export const campaign =
  new URLSearchParams(location.search).get("campaign") ?? undefined;

/** A path of the service that asks about this campaign. @param {string} path */
export function ofCampaign(path) {
  if (campaign === undefined) return path;
  const sign = path.includes("?") ? "&" : "?";
  return `${path}${sign}campaign=${encodeURIComponent(campaign)}`;
}

/** @typedef {import("typebox").Static<typeof import("../http/schemas/campaigns.js").CampaignsAnswer>["data"]["campaigns"][number]} Campaign */

/** @type {Promise<Campaign | undefined> | undefined} */
let asked;

/** What is known of this campaign; undefined where nothing is. Asks once. */
export function readCampaign() {
  asked ??= (async () => {
    const answer = await fetch("campaigns").catch(() => undefined);
    if (!answer?.ok) return undefined;
    /** @type {{ data: { campaigns: Campaign[] } }} */
    const { data } = await answer.json();
    return data.campaigns.find(({ id }) => id === (campaign ?? "default"));
  })();
  return asked;
}
