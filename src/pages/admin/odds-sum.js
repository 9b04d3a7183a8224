import { html } from "../html.js";
import { WHOLE } from "./fields.js";
import { percent } from "./words.js";

/**
 * The sum of the odds and the chance of no prize, or of the prize instead, as they follow the typing.
 *
 * @param {{ sum: number, instead: string | undefined }} props  `sum` in parts of WHOLE, `instead` a prize's id
 */
export function OddsSum({ sum, instead }) {
  const left = WHOLE - sum;
  return html`<output class=${left < 0 ? "odds-sum bad" : "odds-sum"}>
    <span class="gauge" aria-hidden="true"><span style=${{ width: `${Math.min(100, (sum / WHOLE) * 100)}%` }}></span></span>
    Sum of odds <strong>${percent(sum / WHOLE)}</strong>${" · "}
    ${
      left < 0
        ? html`<strong>${percent(-left / WHOLE)} too much</strong>: lower the odds to 100% in all.`
        : html`${instead ? `${instead} instead of no prize` : "no prize"} <strong>${percent(left / WHOLE)}</strong>`
    }
  </output>`;
}
