import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";
import { moment } from "./words.js";

/**
 * The time until the next draw, in the visitor's own zone.
 *
 * @param {{ until: string, ended: () => void }} props  `until` in RFC 3339
 */
export function Countdown({ until, ended }) {
  const [left, setLeft] = useState(() => secondsTo(until));
  useEffect(() => {
    const timer = setInterval(() => {
      const seconds = secondsTo(until);
      setLeft(seconds);
      if (seconds <= 0) ended();
    }, 1_000);
    return () => clearInterval(timer);
  }, [until, ended]);
  return html`<p class="countdown">
    <span>Next draw <time datetime=${until}>${moment(until)}</time></span>
    <strong role="timer" aria-live="off">${clock(left)}</strong>
  </p>`;
}

/** @param {string} until */
function secondsTo(until) {
  return Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 1_000));
}

/** @param {number} seconds */
function clock(seconds) {
  const parts = [seconds / 3_600, (seconds / 60) % 60, seconds % 60];
  return parts
    .map((part) => String(Math.floor(part)).padStart(2, "0"))
    .join(":");
}
