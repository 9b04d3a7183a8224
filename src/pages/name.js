import { useEffect, useRef } from "preact/hooks";
import { html } from "./html.js";
import { Waiting } from "./waiting.js";

/**
 * Asks for a name and draws for it, and says how the draw is going.
 *
 * @param {{
 *   state: Exclude<import("./draw.js").Draw, { step: "answered" }>,
 *   draw: (username: string) => void,
 *   stop: () => void
 * }} props
 */
export function NameForm({ state, draw, stop }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const busy = state.step === "asking" || state.step === "stopping";
  const mistake = state.step === "ready" ? state.mistake : undefined;
  const wait = state.step === "asking" ? state.wait : undefined;
  const name = "decided" in state ? state.decided.username : state.username;
  useEffect(() => {
    if (mistake) field.current?.focus();
  }, [mistake]);

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    if (!busy) draw(field.current?.value ?? "");
  }

  return html`<form onSubmit=${submit}>
    <label for="username">Your name</label>
    <input
      id="username"
      name="username"
      autocomplete="username"
      autocapitalize="off"
      spellcheck=${false}
      required
      ref=${field}
      defaultValue=${name}
      readonly=${busy}
      aria-invalid=${mistake ? "true" : undefined}
      aria-describedby="username-mistake"
    />
    <small id="username-mistake" class="mistake" role="alert">${mistake}</small>
    <button type="submit" aria-disabled=${busy ? "true" : undefined}>
      ${busy ? "Drawing…" : "Spin"}
    </button>
    <div role="status">
      ${busy && !wait && html`<p class="unseen">Drawing…</p>`}
      ${wait && html`<${Waiting} wait=${wait} what="Your draw" />`}
      ${
        state.step === "refused" &&
        html`<p class="outcome refused">
          <strong>No draw was made.</strong> ${state.sentence}
        </p>`
      }
    </div>
    ${wait && html`<button type="button" class="plain" onClick=${stop}>Stop trying</button>`}
  </form>`;
}
