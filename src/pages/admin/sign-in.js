import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { ask } from "./session.js";

/** @typedef {import("./session.js").Administrator} Administrator */

/**
 * Asks for the administrators' token, and lets in whose token the server takes.
 *
 * @param {{ sentence: string | undefined, enter: (administrator: Administrator) => void }} props
 *   `sentence` tells why a session ended
 */
export function SignIn({ sentence, enter }) {
  const [busy, setBusy] = useState(false);
  const [mistake, setMistake] = useState("");
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const entered = new FormData(form);
    const token = String(entered.get("token")).trim();
    const name = String(entered.get("name")).trim();
    setBusy(true);
    const problem = await refusal(token, name);
    setBusy(false);
    if (!problem) return enter({ token, name });
    setMistake(problem);
    field.current?.focus();
  }

  return html`<form class="sign-in" onSubmit=${submit}>
    <h2>Campaign manager</h2>
    ${sentence && html`<p class="note" role="status">${sentence}</p>`}
    <label for="token">Administrators’ token</label>
    <input
      id="token"
      name="token"
      type="password"
      autocomplete="current-password"
      required
      ref=${field}
      aria-invalid=${mistake ? "true" : undefined}
      aria-describedby="token-mistake"
    />
    <small id="token-mistake" class="mistake" role="alert">${mistake}</small>
    <label for="name">Your name <small>(for the history of changes; may be empty)</small></label>
    <input
      id="name"
      name="name"
      autocomplete="username"
      maxlength="64"
      pattern="[ -~]*"
      title="Letters without accents, digits and signs"
    />
    <button type="submit" aria-busy=${busy ? "true" : undefined} aria-disabled=${busy ? "true" : undefined}>
      ${busy ? "Signing in…" : "Sign in"}
    </button>
  </form>`;
}

const WRONG = "This is not the administrators’ token.";

/** Why the server does not take it, or undefined. @param {string} token @param {string} name */
async function refusal(token, name) {
  // What no header can carry is no token.
  if (!/^[!-~]+$/.test(token)) return WRONG;
  const session = { token, name, signOut() {} };
  const { status, body } = await ask(session, "history?limit=1");
  if (status === 200) return undefined;
  return status === 401 ? WRONG : body.error;
}
