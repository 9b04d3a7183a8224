import { html } from "../html.js";
import { moment, percent, quota } from "./words.js";

/** @typedef {import("./edits.js").PrizeFields} PrizeFields */

/** @param {string | null | undefined} at */
function time(at) {
  return at ? at.replace(/:00$/, "") : "midnight on, at once";
}

/** Each field: its name, and its values in words. */
const FIELDS = {
  title: ["title", (/** @type {string} */ title) => `“${title}”`],
  probability: ["odds", percent],
  daily_quota: ["daily quota", quota],
  total_quota: ["total quota", quota],
  release_from: ["released from", time],
  release_to: ["released until", time],
  active: [
    "",
    (/** @type {boolean} */ active) => (active ? "active" : "inactive"),
  ],
  fallback: [
    "",
    (/** @type {boolean | undefined} */ fallback) =>
      fallback ? "instead of no prize" : "by its odds alone",
  ],
};

/** @param {string | null} text */
const day = (text) => (text === null ? "none" : moment(text));
/** @param {unknown} value */
const plain = (value) => String(value ?? "none");

/** The same of a campaign. */
const RULES = {
  title: FIELDS.title,
  time_zone: ["zone", plain],
  starts_at: ["start", day],
  ends_at: ["end", day],
  draws_per_day: ["draws a day", plain],
  wins_per_user: ["wins a user", plain],
  claim_days: ["days of claim", plain],
  shards: ["shards", plain],
  frozen: [
    "",
    (/** @type {boolean} */ frozen) => (frozen ? "frozen" : "not frozen"),
  ],
  verifiable: [
    "",
    (/** @type {boolean | undefined} */ verifiable) =>
      verifiable ? "can be checked" : "can't be checked",
  ],
  proof_names: [
    "names in proofs",
    (/** @type {string | undefined} */ names) => names ?? "sealed",
  ],
  active: FIELDS.active,
};

/** @typedef {import("./campaigns.js").Campaign} Campaign */

/**
 * What differs between two states of a prize or a campaign, field by field; null: there is none.
 *
 * @param {{ before: PrizeFields | Campaign | null, after: PrizeFields | Campaign | null }} props
 */
export function Changes({ before, after }) {
  if (!after) return html`<p>Deleted.</p>`;
  const isCampaign = "draws_per_day" in after;
  const lines = Object.entries(isCampaign ? RULES : FIELDS).flatMap(
    ([field, [name, words]]) => {
      const at = /** @type {keyof typeof after} */ (field);
      if (before && isAlike(before[at], after[at])) return [];
      const say = /** @type {(value: unknown) => string} */ (words);
      const old = before && html`<del>${say(before[at])}</del> → `;
      return [
        html`<li key=${field}>${name} ${old}<ins>${say(after[at])}</ins></li>`,
      ];
    },
  );
  return html`
    ${!before && html`<p>${isCampaign ? "New campaign." : "New prize."}</p>`}
    <ul class="changes">${lines}</ul>
  `;
}

/** Whether two states of a prize are the same. @param {PrizeFields} one @param {PrizeFields} other */
export function isSame(one, other) {
  return Object.keys(FIELDS).every((field) => {
    const at = /** @type {keyof PrizeFields} */ (field);
    return isAlike(one[at], other[at]);
  });
}

/** A change of before there were fallbacks has none. @param {unknown} one @param {unknown} other */
const isAlike = (one, other) => (one ?? false) === (other ?? false);
