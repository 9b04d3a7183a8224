import { campaign } from "../campaign.js";
import { html } from "../html.js";

/**
 * Which campaign the page is about; another one is another address.
 *
 * @param {{ campaigns: import("./campaigns.js").Campaign[] | undefined }} props
 */
export function Switcher({ campaigns }) {
  const current = campaign ?? "default";
  if (!campaigns || (campaigns.length < 2 && campaign === undefined)) return "";
  const isKnown = campaigns.some(({ id }) => id === current);
  return html`<p class="switcher">
    <label for="campaign">Campaign</label>
    <select
      id="campaign"
      onChange=${(/** @type {Event} */ { currentTarget }) => {
        const { value } = /** @type {HTMLSelectElement} */ (currentTarget);
        location.search =
          value === "default" ? "" : `?campaign=${encodeURIComponent(value)}`;
      }}
    >
      ${!isKnown && html`<option selected>${current} (there is none)</option>`}
      ${campaigns.map(
        ({ id, title, active }) => html`<option
          key=${id}
          value=${id}
          selected=${id === current}
        >
          ${title} (${id}${active ? "" : ", inactive"})
        </option>`,
      )}
    </select>
  </p>`;
}
