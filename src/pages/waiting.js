import { html } from "./html.js";

/** @typedef {import("./ask.js").Wait} Wait */

const SENTENCES = {
  offline: "You are offline.",
  away: "The service is not answering right now.",
  busy: "There are too many requests right now.",
};

/**
 * Says that the page goes on by itself. `what` is what is kept meanwhile.
 *
 * @param {{ wait: Wait, what: string }} props
 */
export function Waiting({ wait, what }) {
  const when =
    wait.why === "offline"
      ? "as soon as you are back online"
      : `in ${wait.seconds} ${wait.seconds === 1 ? "second" : "seconds"}`;
  return html`<p class="note">
    <strong>${SENTENCES[wait.why]}</strong> ${what} is kept, and nothing is
    lost: this page tries again by itself ${when}.
  </p>`;
}
