/** The campaign that the page's address names, or undefined: the one of whoever names none. */
export const campaign =
  new URLSearchParams(location.search).get("campaign") ?? undefined;

/** A path of the service that asks about this campaign. @param {string} path */
export function ofCampaign(path) {
  if (campaign === undefined) return path;
  const sign = path.includes("?") ? "&" : "?";
  return `${path}${sign}campaign=${encodeURIComponent(campaign)}`;
}
