import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { isSame } from "./changes.js";
import {
  edited,
  isTyped,
  NEW_PRIZE,
  NOTHING,
  rowsOf,
  sumOf,
  WHOLE,
} from "./edits.js";
import { OddsSum } from "./odds-sum.js";
import { Publish } from "./publish.js";
import { PrizeRow } from "./row.js";
import { ask } from "./session.js";
import { Simulation } from "./simulation.js";

/**
 * @typedef {import("./edits.js").PrizeTable} PrizeTable
 * @typedef {import("./edits.js").Typed} Typed
 */

/**
 * The prizes, edited in place. Nothing is saved before it was previewed and published.
 *
 * @param {{ session: import("./session.js").Session, live: import("./live.js").LivePrize[] | undefined }} props
 *   `live`: the prizes as they stand this second
 */
export function Editor({ session, live }) {
  const [table, setTable] = useState(
    /** @type {PrizeTable | undefined} */ (undefined),
  );
  const [typed, setTyped] = useState(/** @type {Typed} */ (NOTHING));
  const [news, setNews] = useState("");
  const rows = rowsOf(table?.prizes ?? [], typed);
  const sum = sumOf(rows);
  const fields = rows.flatMap((row) => row.fields ?? []);
  const isWhole = fields.length === rows.length && sum <= WHOLE;
  const dirty = isTyped(typed);

  async function load() {
    const { status, body } = await ask(session, "/admin/prizes");
    if (status === 200) setTable(body.data);
    else setNews(body.error);
    return status === 200;
  }
  useEffect(() => {
    load();
  }, []);
  useOthers(table, live, dirty, load, setNews);
  useLeaving(dirty);

  /** @param {import("./edits.js").Row} row @param {Partial<import("./edits.js").Texts>} change */
  function edit(row, change) {
    setNews("");
    setTyped((typed) => edited(typed, row, change));
  }

  /** @param {PrizeTable} saved */
  function published(saved) {
    setTable(saved);
    setTyped(NOTHING);
    setNews(saved.problem ? `Saved. ${saved.problem}` : "Published.");
  }

  return html`
    <h2 id="prizes-title">Prizes</h2>
    <div class="prizes">
      ${rows.map(
        (row) => html`<${PrizeRow}
          key=${`${row.saved ? "" : "+"}${row.key}`}
          row=${row}
          edit=${edit}
          drop=${() =>
            setTyped(({ changed, added }) => ({
              changed,
              added: added.filter((_, n) => String(n) !== row.key),
            }))}
        />`,
      )}
    </div>
    <button
      type="button"
      class="plain"
      onClick=${() =>
        setTyped(({ changed, added }) => ({
          changed,
          added: [...added, NEW_PRIZE],
        }))}
    >
      Add a prize
    </button>
    <div class="summary">
      <div role="status">${news && html`<p class="note">${news}</p>`}</div>
      ${table && html`<${OddsSum} sum=${sum} />`}
      ${
        table &&
        html`<${Publish}
          session=${session}
          table=${table}
          prizes=${dirty && isWhole ? fields : undefined}
          published=${published}
          reload=${async () => (await load()) && setNews(RELOADED)}
        />`
      }
      ${dirty && html`<button type="button" class="plain" onClick=${() => setTyped(NOTHING)}>Undo edits</button>`}
    </div>
    <${Simulation} session=${session} prizes=${isWhole ? fields : undefined} edited=${dirty} />
  `;
}

/**
 * Takes over what others publish where nothing is typed; else says that there is something.
 *
 * @param {PrizeTable | undefined} table
 * @param {import("./live.js").LivePrize[] | undefined} live
 * @param {boolean} dirty
 * @param {() => Promise<boolean>} load
 * @param {(news: string) => void} setNews
 */
function useOthers(table, live, dirty, load, setNews) {
  // What was read just before the last edit of our own comes once after it.
  const differing = useRef(0);
  useEffect(() => {
    if (!table || !live) return;
    const same =
      live.length === table.prizes.length &&
      live.every((prize, n) => {
        const own = table.prizes[n];
        return own && own.id === prize.id && isSame(own, prize);
      });
    differing.current = same ? 0 : differing.current + 1;
    if (differing.current < 2) return;
    if (dirty) setNews(OTHERS);
    else load();
  }, [live]);
}

const OTHERS =
  "Somebody else has changed the prizes meanwhile. What you typed is kept; you will be asked before it is published.";

const RELOADED =
  "These are the prizes as they are saved, with what you typed in its place.";

/** Asks before a tab with unpublished typing is closed. @param {boolean} dirty */
function useLeaving(dirty) {
  useEffect(() => {
    if (!dirty) return;
    const ask = (/** @type {Event} */ event) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [dirty]);
}
