import { hand } from "./hand.js";
import { html } from "./html.js";

/**
 * What a participant can do with the receipt of a draw. The page that checks it finds it by its id, in what this browser keeps.
 *
 * @param {{ kept: import("./receipts.js").Kept }} props
 */
export function Receipt({ kept }) {
  const { id, receipt } = kept;
  function save() {
    const text = `${JSON.stringify(receipt, null, 2)}\n`;
    const file = new Blob([text], { type: "application/json" });
    hand(file, `receipt-${id}.json`);
  }
  return html`<div class="receipt">
    <p>This draw has a receipt: it shows later that nothing was changed.</p>
    <a href=${`verify/#${id}`}>Check this draw</a>
    <button type="button" class="plain" onClick=${save}>Save receipt</button>
  </div>`;
}
