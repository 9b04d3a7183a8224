import { useEffect, useRef, useState } from "preact/hooks";
import { hand } from "../hand.js";
import { html } from "../html.js";
import { send } from "./session.js";
import { counted, number } from "./words.js";

/** Between two sights of the progress, in milliseconds. */
const BEAT = 100;

/** @typedef {{ rows: number, of: number | undefined }} Progress */

/**
 * Downloads a day's winners. A link could not carry the token, so the page fetches the file and hands it to the browser.
 *
 * @param {{ session: import("./session.js").Session, today: string | undefined }} props
 */
export function Csv({ session, today }) {
  const [progress, setProgress] = useState(
    /** @type {Progress | undefined} */ (undefined),
  );
  const [told, setTold] = useState("");
  const end = useRef(new AbortController());
  useEffect(() => () => end.current.abort(), []);

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (progress) return;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const entered = new FormData(form);
    const day = String(entered.get("day"));
    const query = new URLSearchParams({ day });
    if (entered.get("phones")) query.set("phones", "yes");
    end.current = new AbortController();
    setTold("");
    setProgress({ rows: 0, of: undefined });
    const { signal } = end.current;
    const path = `results.csv?${query}`;
    try {
      const { file, rows } = await download(session, path, signal, setProgress);
      hand(file, `winners-${day}.csv`);
      setTold(`${counted(rows, "winner")} downloaded.`);
    } catch (error) {
      const sentence = error instanceof Refusal ? error.message : BROKEN;
      setTold(signal.aborted ? "Cancelled." : sentence);
    } finally {
      setProgress(undefined);
    }
  }

  return html`<form class="panel csv" onSubmit=${submit}>
    <h3>All winners of a day</h3>
    <label for="day">Day</label>
    <input id="day" name="day" type="date" required key=${today} defaultValue=${today} />
    <label><input type="checkbox" name="phones" /> With phone numbers</label>
    <button type="submit" aria-busy=${progress ? "true" : undefined}>Download CSV</button>
    ${
      progress &&
      html`<div>
        <progress value=${progress.of ? progress.rows : undefined} max=${progress.of || 1} aria-label="Download"></progress>
        <p>${number(progress.rows)}${progress.of ? ` of ${number(progress.of)}` : ""}</p>
        <button type="button" class="plain" onClick=${() => end.current.abort()}>Cancel</button>
      </div>`
    }
    <p role="status">${told}</p>
  </form>`;
}

const BROKEN = "The download broke off. Please try again.";

class Refusal extends Error {}

/**
 * @param {import("./session.js").Session} session
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(progress: Progress) => void} setProgress
 * @returns {Promise<{ file: Blob, rows: number }>} Rejects with a Refusal that has the server's sentence.
 */
async function download(session, path, signal, setProgress) {
  const response = await send(session, path, { signal });
  if (!response.ok || !response.body) {
    throw new Refusal((await response.json()).error);
  }
  const of = Number(response.headers.get("x-total-count")) || undefined;
  const reader = response.body.getReader();
  const chunks = [];
  // The first line names the columns.
  let rows = -1;
  let shown = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    // No field has a line break in it.
    for (const byte of value) if (byte === 10) rows += 1;
    if (performance.now() - shown < BEAT) continue;
    shown = performance.now();
    setProgress({ rows: Math.max(0, rows), of });
  }
  const file = new Blob(chunks, { type: "text/csv" });
  return { file, rows: Math.max(0, rows) };
}
