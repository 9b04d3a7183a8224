import { useEffect, useRef, useState } from "preact/hooks";
import { ask, remedy } from "./ask.js";
import { html } from "./html.js";
import { keepWin } from "./kept.js";
import { Waiting } from "./waiting.js";
import { moment } from "./words.js";

/**
 * @typedef {import("./kept.js").Win} Win
 * @typedef {import("./ask.js").Wait} Wait
 */

/** What ends a win's redeeming, by the answer's code. @type {Record<string, Win["closed"]>} */
const CLOSED = {
  ALREADY_REDEEMED: "taken",
  CLAIM_EXPIRED: "expired",
  RESULT_NOT_FOUND: "unknown",
};

/**
 * A win: redeemed here with a phone number, or what became of it.
 *
 * @param {{ win: Win, changed: () => void }} props
 */
export function Redeem({ win, changed }) {
  const { id, username, claimUntil, closed, sentence } = win;
  const [wait, setWait] = useState(/** @type {Wait | undefined} */ (undefined));
  const [busy, setBusy] = useState(false);
  const [mistake, setMistake] = useState("");
  const end = useRef(new AbortController());
  const outcome = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => () => end.current.abort(), []);

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const phone_no = String(new FormData(form).get("phone_no"));
    setBusy(true);
    setMistake("");
    try {
      const body = { id, username, phone_no };
      const { signal } = end.current;
      const answer = await ask({ path: "redeem", body }, setWait, signal);
      take(answer.status, answer.body);
    } catch (error) {
      if (!end.current.signal.aborted) throw error;
    } finally {
      setBusy(false);
      setWait(undefined);
    }
  }

  /** @param {number} status @param {any} body */
  function take(status, body) {
    const how = status === 200 ? "redeemed" : CLOSED[body.code];
    if (!how) {
      const own = body.code === "INVALID_REQUEST";
      setMistake(own ? remedy(body.error) : body.error);
      return;
    }
    const told = status === 200 ? body.data.message : body.error;
    const closedAt = Date.now();
    keepWin({ ...win, closed: how, sentence: told, closedAt });
    changed();
    requestAnimationFrame(() => outcome.current?.focus());
  }

  const field = `phone-${id}`;
  // Whoever mistyped their number may still have the right one.
  const open = !closed || closed === "taken";
  return html`<div class="redeem">
    ${
      closed &&
      html`<p class=${`outcome ${closed}`} role="status" tabindex="-1" ref=${outcome}>
        ${sentence}
      </p>`
    }
    ${claimUntil && !closed && html`<p>Redeem it by <time datetime=${claimUntil}>${moment(claimUntil)}</time>.</p>`}
    ${
      open &&
      html`<form onSubmit=${submit}>
        <label for=${field}>Phone number</label>
        <input
          id=${field}
          name="phone_no"
          type="tel"
          autocomplete="tel"
          required
          readonly=${busy}
          aria-invalid=${mistake ? "true" : undefined}
          aria-describedby=${`${field}-mistake`}
        />
        <small id=${`${field}-mistake`} class="mistake" role="alert">${mistake}</small>
        <button type="submit" aria-busy=${busy ? "true" : undefined} aria-disabled=${busy ? "true" : undefined}>
          ${busy ? "Redeeming…" : "Redeem"}
        </button>
        <div role="status">
          ${wait && html`<${Waiting} wait=${wait} what="Your prize" />`}
        </div>
      </form>`
    }
  </div>`;
}
