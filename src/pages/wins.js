import { html } from "./html.js";
import { Redeem } from "./redeem.js";

/**
 * The wins that this browser keeps: to be redeemed, on whatever day that is.
 *
 * @param {{ wins: import("./kept.js").Win[], changed: () => void }} props
 */
export function Wins({ wins, changed }) {
  if (wins.length === 0) return null;
  return html`<section class="wins" aria-labelledby="wins">
    <h2 id="wins">Your prizes</h2>
    ${wins.map(
      (win) => html`<article key=${win.id}>
        <h3>${win.title}</h3>
        <p class="for">${win.username}</p>
        <${Redeem} win=${win} changed=${changed} />
      </article>`,
    )}
  </section>`;
}
