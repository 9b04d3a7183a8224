import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import {
  edited,
  insteadOf,
  isTyped,
  NEW_PRIZE,
  NOTHING,
  rowsOf,
  sumOf,
} from "./edits.js";
import { WHOLE } from "./fields.js";
import { OddsSum } from "./odds-sum.js";
import { useLeaving, useOthers } from "./others.js";
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
  const [problem, setProblem] = useState("");
  const rows = rowsOf(table?.prizes ?? [], typed);
  const sum = sumOf(rows);
  const fields = rows.flatMap((row) => row.fields ?? []);
  const isWhole = fields.length === rows.length && sum <= WHOLE;
  const dirty = isTyped(typed);

  async function load() {
    const { status, body } = await ask(session, "prizes");
    if (status === 200) setTable(body.data);
    setProblem(status === 200 ? "" : body.error);
    return status === 200;
  }
  useEffect(() => {
    load();
  }, []);
  const stale = useOthers(table, live, dirty, load);
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
      <div role="status">
        ${problem && html`<p class="note bad">${problem}</p>`}
        ${news && html`<p class="note">${news}</p>`}
      </div>
      ${table && html`<${OddsSum} sum=${sum} instead=${insteadOf(rows)} />`}
      ${
        table &&
        html`<${Publish}
          session=${session}
          table=${table}
          prizes=${dirty && isWhole ? fields : undefined}
          stale=${stale && dirty}
          published=${published}
          reload=${async () => (await load()) && setNews(RELOADED)}
        />`
      }
      ${dirty && html`<button type="button" class="plain" onClick=${() => setTyped(NOTHING)}>Undo edits</button>`}
    </div>
    <${Simulation} session=${session} prizes=${isWhole ? fields : undefined} edited=${dirty} />
  `;
}

const RELOADED =
  "These are the prizes as they are saved, with what you typed in its place.";
