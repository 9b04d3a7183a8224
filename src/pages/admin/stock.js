import { html } from "../html.js";
import { moment, number, percent } from "./words.js";

/** @typedef {import("./live.js").LivePrize} LivePrize */

/**
 * What is left of each active prize against its quotas, and what is to be expected.
 *
 * @param {{ prizes: LivePrize[] }} props
 */
export function Stock({ prizes }) {
  const active = prizes.filter(({ active }) => active);
  return html`<h3>Prizes</h3>
    ${active.length === 0 && html`<p class="note">No prize is active: every draw ends with no prize.</p>`}
    <ul class="stock">
      ${active.map((prize) => html`<${Prize} key=${prize.id} prize=${prize} />`)}
    </ul>`;
}

/** @param {{ prize: LivePrize }} props */
function Prize({ prize }) {
  const { id, title, probability, forecast } = prize;
  return html`<li class="panel" data-prize=${id}>
    <h4>${title}</h4>
    <p class="quiet">${id} · ${percent(probability)}</p>
    <${Left} name="today" left=${prize.left_today} quota=${prize.daily_quota} taken=${prize.taken_today} />
    <${Left} name="in all" left=${prize.left_total} quota=${prize.total_quota} taken=${prize.taken_total} />
    ${forecast.warning && html`<p class="warning">${forecast.warning}</p>`}
    ${outlook(forecast).map((sentence) => html`<p key=${sentence} class="quiet">${sentence}</p>`)}
  </li>`;
}

/** @param {{ name: string, left: number | null, quota: number | null, taken: number }} props */
function Left({ name, left, quota, taken }) {
  if (quota === null) {
    return html`<p>Unlimited ${name}; <strong>${number(taken)}</strong> won</p>`;
  }
  // Total stock that is nearly gone is less than the day's quota.
  const rest = Math.min(left ?? quota, quota);
  const words = `${number(rest)} of ${number(quota)} left ${name}`;
  return html`<div>
    <p><strong>${number(rest)}</strong> of ${number(quota)} left ${name}</p>
    <progress value=${rest} max=${Math.max(quota, 1)} aria-label=${words}></progress>
  </div>`;
}

/**
 * What is to be expected at today's pace; what the warning says already is not said twice.
 *
 * @param {LivePrize["forecast"]} forecast
 */
function outlook({ daily_out_at, total_out_at, left_over_today, warning }) {
  const left = !warning && left_over_today;
  const told = warning?.startsWith("Sold out for good");
  return [
    !warning &&
      daily_out_at &&
      `Today’s quota runs out ${moment(daily_out_at)}.`,
    !told && total_out_at && `All of it runs out ${moment(total_out_at)}.`,
    left && `About ${number(left)} left over tonight.`,
  ].filter((sentence) => sentence);
}
