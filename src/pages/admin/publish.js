import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Changes, isSame } from "./changes.js";
import { ask } from "./session.js";
import { percent } from "./words.js";

/**
 * @typedef {import("./edits.js").PrizeTable} PrizeTable
 * @typedef {import("./edits.js").PrizeFields} PrizeFields
 */

/**
 * Shows what will be different, as the server sees it, and publishes it.
 *
 * @param {{
 *   session: import("./session.js").Session, table: PrizeTable, prizes: PrizeFields[] | undefined, stale: boolean,
 *   published: (table: PrizeTable) => void, reload: () => void
 * }} props  `table` as it was read, `prizes` as they shall be; without them there is nothing that could be sent;
 *   `stale`: others have changed the table since
 */
export function Publish(props) {
  const { session, table, prizes, stale, published, reload } = props;
  const [preview, setPreview] = useState(
    /** @type {PrizeTable | undefined} */ (undefined),
  );
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [overtaken, setOvertaken] = useState(false);
  const conflict = overtaken || stale;
  const remedy = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    setRefusal("");
    setOvertaken(false);
  }, [table]);
  useEffect(() => remedy.current?.focus(), [overtaken]);

  /** @param {string} path @param {(table: PrizeTable) => void} done */
  async function put(path, done) {
    if (busy || !prizes) return;
    setBusy(true);
    setRefusal("");
    const { status, body } = await ask(session, path, {
      method: "PUT",
      body: { prizes },
      headers: { "if-match": `"${table.version}"` },
    });
    setBusy(false);
    if (status === 200) return done(body.data);
    setPreview(undefined);
    setOvertaken(status === 412);
    if (status !== 412) setRefusal(body.error);
  }

  return html`
    <div role="alert">
      ${refusal && html`<p class="note bad">${refusal}</p>`}
      ${
        conflict &&
        html`<div class="note bad">
          <p>
            <strong>Somebody else has changed the prizes meanwhile.</strong>${" "}
            ${overtaken && "Nothing of yours was saved. "}
            What you typed is kept: load the prizes as they are now, and preview
            it once more.
          </p>
          <button type="button" ref=${remedy} onClick=${reload}>Load them and keep what I typed</button>
        </div>`
      }
    </div>
    ${
      !conflict &&
      html`<button
        type="button"
        aria-disabled=${prizes && !busy ? undefined : "true"}
        aria-busy=${busy ? "true" : undefined}
        onClick=${() => put("prizes?preview=yes", setPreview)}
      >
        Preview changes
      </button>`
    }
    ${
      preview &&
      html`<${Preview}
        before=${table}
        after=${preview}
        busy=${busy}
        publish=${() =>
          put("prizes", (saved) => {
            setPreview(undefined);
            published(saved);
          })}
        close=${() => setPreview(undefined)}
      />`
    }
  `;
}

/**
 * @param {{
 *   before: PrizeTable, after: PrizeTable, busy: boolean, publish: () => void, close: () => void
 * }} props
 */
function Preview({ before, after, busy, publish, close }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // The focus goes back to where it was.
    return () => shown?.close();
  }, []);
  const old = new Map(before.prizes.map((prize) => [prize.id, prize]));
  const different = after.prizes.filter((prize) => {
    const own = old.get(prize.id);
    return !own || !isSame(own, prize);
  });
  return html`<dialog ref=${dialog} aria-labelledby="preview-title" onClose=${close}>
    <article>
      <h3 id="preview-title">What will be different</h3>
      ${different.length === 0 && html`<p>Nothing: this is how the prizes are saved.</p>`}
      <ul class="different">
        ${different.map(
          (prize) => html`<li key=${prize.id}>
            <strong>${prize.id}</strong>
            <${Changes} before=${old.get(prize.id) ?? null} after=${prize} />
          </li>`,
        )}
      </ul>
      <p>
        Chance of no prize: <del>${percent(before.chance_of_no_prize)}</del>${" → "}
        <ins>${percent(after.chance_of_no_prize)}</ins>
      </p>
      <footer class="dialog-buttons">
        <button type="button" class="plain" onClick=${() => dialog.current?.close()}>Keep editing</button>
        ${
          different.length > 0 &&
          html`<button type="button" aria-busy=${busy ? "true" : undefined} onClick=${publish}>Publish</button>`
        }
      </footer>
    </article>
  </dialog>`;
}
