import { html } from "../html.js";
import { moment } from "./words.js";

const STATES = {
  open: "not redeemed yet",
  redeemed: "redeemed",
  forfeited: "forfeited: not redeemed in time",
};

/**
 * A win and its claim.
 *
 * @param {{ result: import("./winners.js").Result }} props
 */
export function Claim({ result }) {
  const { state, redeemed_at, phone_no } = result;
  return html`<li class="panel">
    <h3>${result.user_id}</h3>
    <p>
      ${result.title} <span class=${`state ${state}`}>${STATES[state]}</span>
    </p>
    <dl class="facts">
      <dt>Won</dt>
      <dd>${moment(result.created_at)}, of the day ${result.draw_date}</dd>
      ${redeemed_at && html`<dt>Redeemed</dt><dd>${moment(redeemed_at)}</dd>`}
      ${phone_no !== undefined && html`<dt>Phone</dt><dd>${phone_no ?? "none given"}</dd>`}
      <dt>Prize</dt>
      <dd>${result.prize_id}, unit ${result.unit} in all, ${result.day_unit} of its day</dd>
      <dt>Id</dt>
      <dd><code>${result.id}</code></dd>
    </dl>
  </li>`;
}
