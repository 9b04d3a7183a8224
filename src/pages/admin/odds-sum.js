import { html } from "../html.js";
import { WHOLE } from "./fields.js";
import { percent } from "./words.js";

/**
 * The sum of the odds and the chance of no prize, as they follow the typing.
 *
 * @param {{ sum: number }} props  in parts of WHOLE
 */
export function OddsSum({ sum }) {
  const left = WHOLE - sum;
  return html`<output class=${left < 0 ? "odds-sum bad" : "odds-sum"}>
    <span class="gauge" aria-hidden="true"><span style=${{ width: `${Math.min(100, (sum / WHOLE) * 100)}%` }}></span></span>
    Sum of odds <strong>${percent(sum / WHOLE)}</strong>${" · "}
    ${
      left < 0
        ? html`<strong>${percent(-left / WHOLE)} too much</strong>: lower the odds to 100% in all.`
        : html`no prize <strong>${percent(left / WHOLE)}</strong>`
    }
  </output>`;
}
