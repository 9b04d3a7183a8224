import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { Changes } from "./changes.js";
import { ask } from "./session.js";
import { moment } from "./words.js";

/** @typedef {import("typebox").Static<typeof import("../../admin/schemas/history.js").HistoryAnswer>["data"]["changes"][number]} Change */

/**
 * The name that was given, and behind it the database's account that changed it.
 *
 * @param {Change} change
 */
const who = ({ changed_by, role }) =>
  role === null || role === changed_by ? changed_by : `${changed_by} (${role})`;

/**
 * Who changed what, newest first; read again whenever it is looked at.
 *
 * @param {{ session: import("./session.js").Session, shown: boolean }} props
 */
export function History({ session, shown }) {
  const [changes, setChanges] = useState(
    /** @type {Change[] | undefined} */ (undefined),
  );
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [problem, setProblem] = useState("");

  /** @param {string} cursor empty: from the newest on */
  async function read(cursor) {
    const query = cursor && `?cursor=${cursor}`;
    const { status, body } = await ask(session, `history${query}`);
    if (status !== 200) return setProblem(body.error);
    setProblem("");
    const { changes, next_cursor } = body.data;
    setChanges((known) => (cursor ? [...(known ?? []), ...changes] : changes));
    setNext(next_cursor);
  }
  useEffect(() => {
    if (shown) read("");
  }, [shown]);

  return html`
    <h2 id="history-title">History</h2>
    <div role="alert">${problem && html`<p class="note bad">${problem}</p>`}</div>
    ${changes?.length === 0 && html`<p class="note">The prizes have not been changed yet.</p>`}
    <ol class="history">
      ${changes?.map(
        (change) => html`<li key=${change.id} class="panel">
          <p>
            <strong>${change.prize_id ?? "The campaign"}</strong>${" "}
            <span class="quiet">${who(change)}, <time datetime=${change.changed_at}>${moment(change.changed_at)}</time></span>
          </p>
          <${Changes} before=${change.before} after=${change.after} />
        </li>`,
      )}
    </ol>
    ${next && html`<button type="button" class="plain" onClick=${() => read(next)}>Older changes</button>`}
  `;
}
