import { html } from "../html.js";
import { percent, quota } from "./words.js";

/** @typedef {import("./edits.js").PrizeFields} PrizeFields */

/** Each field: its name, and its values in words. */
const FIELDS = {
  title: ["title", (/** @type {string} */ title) => `“${title}”`],
  probability: ["odds", percent],
  daily_quota: ["daily quota", quota],
  total_quota: ["total quota", quota],
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

/**
 * What differs between two states of a prize, field by field; null: there is none.
 *
 * @param {{ before: PrizeFields | null, after: PrizeFields | null }} props
 */
export function Changes({ before, after }) {
  if (!after) return html`<p>Deleted.</p>`;
  const lines = Object.entries(FIELDS).flatMap(([field, [name, words]]) => {
    const at = /** @type {keyof PrizeFields} */ (field);
    if (before && isAlike(before[at], after[at])) return [];
    const say = /** @type {(value: unknown) => string} */ (words);
    const old = before && html`<del>${say(before[at])}</del> → `;
    return [
      html`<li key=${field}>${name} ${old}<ins>${say(after[at])}</ins></li>`,
    ];
  });
  return html`
    ${!before && html`<p>New prize.</p>`}
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
