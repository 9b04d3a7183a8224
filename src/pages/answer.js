import { useLayoutEffect, useRef } from "preact/hooks";
import { Countdown } from "./countdown.js";
import { html } from "./html.js";
import { Receipt } from "./receipt.js";
import { Redeem } from "./redeem.js";

/**
 * @typedef {import("./draw.js").Decided} Decided
 * @typedef {import("./kept.js").Win} Win
 */

const HEADINGS = {
  won: "You have won!",
  no_prize: "No prize today",
  participated: "Already drawn today",
};

/**
 * What the draw said. `win` is the win of this draw as it stands.
 *
 * @param {{ decided: Decided, win: Win | undefined, seen: () => void, again: () => void, more: (username: string) => void,
 *   changed: () => void }} props  `more`: draws once more
 */
export function Answer({ decided, win, seen, again, more, changed }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const { outcome, username, message, resetsAt, left, kept } = decided;
  useLayoutEffect(() => {
    heading.current?.focus();
    seen();
    if (outcome === "won") celebrate();
  }, []);
  return html`<article class=${`answer ${outcome}`}>
    <h2 tabindex="-1" ref=${heading}>${left > 0 && outcome === "no_prize" ? "No prize this time" : HEADINGS[outcome]}</h2>
    <p class="for">${username}</p>
    <p class="sentence">${message}</p>
    ${win && html`<${Redeem} key=${win.id} win=${win} changed=${changed} />`}
    ${kept && html`<${Receipt} kept=${kept} />`}
    ${outcome !== "won" && left === 0 && resetsAt && html`<${Countdown} until=${resetsAt} ended=${again} />`}
    ${
      left > 0 &&
      html`<button type="button" onClick=${() => more(username)}>
        Draw again <span class="quiet">(${left} left today)</span>
      </button>`
    }
    <button type="button" class="plain" onClick=${() => again()}>Draw with another name</button>
  </article>`;
}

async function celebrate() {
  const { default: confetti } = await import("canvas-confetti");
  const fire = confetti.create(null, {
    resize: true,
    disableForReducedMotion: true,
  });
  fire({ particleCount: 120, spread: 80, origin: { y: 0.5 } });
}
