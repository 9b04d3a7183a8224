import { useState } from "preact/hooks";
import { html } from "../html.js";
import { Claim } from "./claim.js";
import { Csv } from "./csv.js";
import { ask } from "./session.js";

/** @typedef {import("typebox").Static<typeof import("../../admin/schemas/results.js").ResultsAnswer>["data"]["results"][number]} Result */

/** By what a winner is found: the query's parameter, and its name. */
const BY = {
  username: "Name",
  id: "Id of the win",
  phone_no: "Phone number",
};

/**
 * Finds winners and their claims, over all days, and downloads a day's.
 *
 * @param {{ session: import("./session.js").Session, today: string | undefined }} props
 */
export function Winners({ session, today }) {
  const [query, setQuery] = useState("");
  const [results, setResults] = useState(
    /** @type {Result[] | undefined} */ (undefined),
  );
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  /** @param {string} query @param {string} [cursor] */
  async function find(query, cursor) {
    setBusy(true);
    const more = cursor ? `&cursor=${cursor}` : "";
    const path = `results?${query}${more}`;
    const { status, body } = await ask(session, path);
    setBusy(false);
    setProblem(status === 200 ? "" : body.error);
    if (!cursor) setResults(undefined);
    if (status !== 200) return;
    setQuery(query);
    setResults((known) =>
      cursor ? [...(known ?? []), ...body.data.results] : body.data.results,
    );
    setNext(body.data.next_cursor);
  }

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    if (busy) return;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const entered = new FormData(form);
    const wanted = new URLSearchParams({
      [String(entered.get("by"))]: String(entered.get("wanted")).trim(),
    });
    if (entered.get("phones")) wanted.set("phones", "yes");
    find(String(wanted));
  }

  return html`
    <h2 id="winners-title">Winners</h2>
    <form class="find" aria-label="Find a winner" onSubmit=${submit}>
      <div>
        <label for="by">Find by</label>
        <select id="by" name="by">
          ${Object.entries(BY).map(([by, name]) => html`<option key=${by} value=${by}>${name}</option>`)}
        </select>
      </div>
      <div>
        <label for="wanted">Looked for</label>
        <input id="wanted" name="wanted" required autocomplete="off" spellcheck=${false} />
      </div>
      <label><input type="checkbox" name="phones" /> Show phone numbers</label>
      <button type="submit" aria-busy=${busy ? "true" : undefined}>Find</button>
    </form>
    <div role="status">
      ${problem && html`<p class="note bad">${problem}</p>`}
      ${results?.length === 0 && html`<p class="note">No win was found.</p>`}
      ${results && results.length > 0 && html`<p class="unseen">${results.length} found.</p>`}
    </div>
    <ul class="claims">
      ${results?.map((result) => html`<${Claim} key=${result.id} result=${result} />`)}
    </ul>
    ${next && html`<button type="button" class="plain" onClick=${() => find(query, next)}>More</button>`}
    <${Csv} session=${session} today=${today} />
  `;
}
