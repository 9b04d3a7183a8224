import { html } from "./html.js";
import { insteadOf, outcomesOf } from "./sectors.js";

/** @typedef {import("./sectors.js").Outcome} Outcome */

/**
 * The odds as published and what is left, one tap away, and how the wheel shows them.
 *
 * @param {{ stock: import("./prizes.js").Stock, evenly: boolean, setEvenly: (evenly: boolean) => void }} props
 */
export function Odds({ stock, evenly, setEvenly }) {
  const instead = insteadOf(stock.prizes);
  return html`<details class="odds">
    <summary>Odds and prizes left</summary>
    <label>
      <input
        type="checkbox"
        role="switch"
        checked=${!evenly}
        onChange=${() => setEvenly(!evenly)}
      />
      Wheel in proportion to the odds
    </label>
    <div class="scroll" tabindex="0" role="region" aria-label="Odds and prizes left">
      <table>
        <thead>
          <tr>
            <th scope="col">Prize</th>
            <th scope="col">Odds</th>
            <th scope="col">Left today</th>
            <th scope="col">Left in all</th>
          </tr>
        </thead>
        <tbody>
          ${outcomesOf(stock.prizes).map((outcome) => html`<${Row} key=${outcome.id} outcome=${outcome} />`)}
        </tbody>
      </table>
    </div>
    <p><small>The chance of a prize that is sold out goes to ${instead ? instead.title : "“No prize”"}. The server draws; the wheel only shows it.</small></p>
  </details>`;
}

/** @param {{ outcome: Outcome }} props */
function Row({ outcome: { title, odds, colour, soldOut, prize } }) {
  return html`<tr>
    <th scope="row">
      <span class="swatch" style=${{ background: colour }}></span>${title}
      ${soldOut && html` <em>sold out</em>`}
    </th>
    <td>${percent(odds)}</td>
    <td>${prize && left(prize.left_today, prize.daily_quota)}</td>
    <td>${prize && left(prize.left_total, prize.total_quota)}</td>
  </tr>`;
}

/** @param {number} odds */
function percent(odds) {
  return new Intl.NumberFormat("en", {
    style: "percent",
    maximumSignificantDigits: 6,
  }).format(odds);
}

/** @param {number | null} count @param {number | null} quota */
function left(count, quota) {
  if (count === null) return "unlimited";
  const number = (/** @type {number} */ n) => n.toLocaleString("en");
  return quota === null
    ? number(count)
    : `${number(count)} of ${number(quota)}`;
}
