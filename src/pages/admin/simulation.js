import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { readLines } from "./lines.js";
import { Outcome } from "./outcome.js";
import { send } from "./session.js";
import { number } from "./words.js";

/**
 * @typedef {{ draws: number, of: number }} Progress
 * @typedef {import("./outcome.js").Simulated} Simulated
 */

const MOST = 200_000;

/**
 * "What would a day with so many draws give?", with the prizes as they are typed so far.
 *
 * @param {{
 *   session: import("./session.js").Session, prizes: import("./edits.js").PrizeFields[] | undefined, edited: boolean
 * }} props  without `prizes` there is something in them that can't be
 */
export function Simulation({ session, prizes, edited }) {
  const [progress, setProgress] = useState(
    /** @type {Progress | undefined} */ (undefined),
  );
  const [simulated, setSimulated] = useState(
    /** @type {Simulated | undefined} */ (undefined),
  );
  const [told, setTold] = useState("");
  const end = useRef(new AbortController());
  useEffect(() => () => end.current.abort(), []);

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (progress || !prizes) return;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const draws = Number(new FormData(form).get("draws"));
    end.current = new AbortController();
    setTold("");
    setProgress({ draws: 0, of: draws });
    try {
      const body = { draws, prizes };
      await run(body, end.current.signal);
    } catch {
      setTold(end.current.signal.aborted ? "Stopped." : BROKEN);
    } finally {
      setProgress(undefined);
    }
  }

  /** @param {object} body @param {AbortSignal} signal */
  async function run(body, signal) {
    const path = "simulation";
    const response = await send(session, path, {
      method: "POST",
      body,
      signal,
    });
    for await (const line of readLines(response)) {
      if (line.progress) setProgress(line.progress);
      else if (line.success) return setSimulated({ ...line.data, edited });
      else return setTold(line.error);
    }
    setTold(BROKEN);
  }

  return html`<section class="panel simulation" aria-labelledby="simulation-title">
    <h3 id="simulation-title">Simulation</h3>
    <p>
      What would a day give? The server draws with these prizes
      ${edited ? " as you have edited them" : " as they are published"}, apart from the real ones: nothing is won and nothing is saved.
    </p>
    <form onSubmit=${submit}>
      <label for="draws">Draws in the day</label>
      <input id="draws" name="draws" type="number" min="1" max=${MOST} step="1" required defaultValue="10000" />
      <button type="submit" aria-disabled=${prizes ? undefined : "true"} aria-busy=${progress ? "true" : undefined}>
        Simulate
      </button>
      ${
        progress &&
        html`<div>
          <progress value=${progress.draws} max=${progress.of} aria-label="Simulation"></progress>
          <p>${number(progress.draws)} of ${number(progress.of)} draws</p>
          <button type="button" class="plain" onClick=${() => end.current.abort()}>Stop</button>
        </div>`
      }
      <div role="status">${told && html`<p class="note">${told}</p>`}</div>
    </form>
    ${simulated && html`<${Outcome} simulated=${simulated} />`}
  </section>`;
}

const BROKEN = "The simulation broke off. Please try again.";
