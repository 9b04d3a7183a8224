import { useEffect, useState } from "preact/hooks";
import { campaign, readCampaign } from "./campaign.js";
import { html } from "./html.js";

/** Where the draws can be checked by anybody, the way there. */
export function Checkable() {
  const [isVerifiable, setVerifiable] = useState(false);
  useEffect(() => {
    readCampaign().then((its) => setVerifiable(its?.verifiable === true));
  }, []);
  if (!isVerifiable) return null;
  const query = campaign ? `?campaign=${encodeURIComponent(campaign)}` : "";
  return html`<p class="checkable"><a href=${`verify/${query}`}>How anybody can check these draws</a></p>`;
}
