import { html } from "../html.js";
import { textsOf } from "./edits.js";

/** @typedef {import("./edits.js").Row} Row @typedef {import("./edits.js").Texts} Texts */

/** @type {[Exclude<keyof Texts, "id" | "active" | "fallback">, string, string, string][]} field, label, inputmode, placeholder */
const FIELDS = [
  ["title", "Title", "text", ""],
  ["probability", "Odds in %", "decimal", "0"],
  ["daily_quota", "Daily quota", "numeric", "unlimited"],
  ["total_quota", "Total quota", "numeric", "unlimited"],
  ["release", "Released", "text", "at midnight"],
];

/**
 * A prize's fields, to be edited in place. What is saved is told beside each field that differs.
 *
 * @param {{ row: Row, edit: (row: Row, edit: Partial<Texts>) => void, drop: (row: Row) => void }} props
 */
export function PrizeRow({ row, edit, drop }) {
  const { key, saved, texts } = row;
  const name = saved ? saved.id : texts.id || "New prize";
  const was = saved && textsOf(saved);
  const isOff = texts.active ? "" : "off";
  return html`<fieldset class=${`prize ${isOff}`} data-prize=${saved?.id}>
    <legend>${name}</legend>
    ${
      !saved &&
      html`<${TextField}
        row=${row}
        field="id"
        label="Id"
        edit=${edit}
      />`
    }
    ${FIELDS.map(
      ([field, label, inputmode, placeholder]) => html`<${TextField}
        key=${field}
        row=${row}
        field=${field}
        label=${label}
        inputmode=${inputmode}
        placeholder=${placeholder}
        was=${was && was[field] !== texts[field] ? was[field] || placeholder : undefined}
        edit=${edit}
      />`,
    )}
    <label class="active">
      <input
        type="checkbox"
        role="switch"
        checked=${texts.active}
        onChange=${() => edit(row, { active: !texts.active })}
      />
      Active
    </label>
    <label class="fallback">
      <input
        type="checkbox"
        role="switch"
        checked=${texts.fallback}
        onChange=${() => edit(row, { fallback: !texts.fallback })}
      />
      Instead of no prize
    </label>
    ${!saved && html`<button type="button" class="plain" onClick=${() => drop(row)}>Drop<span class="unseen"> new prize ${Number(key) + 1}</span></button>`}
  </fieldset>`;
}

/**
 * @param {{
 *   row: Row, field: Exclude<keyof Texts, "active" | "fallback">, label: string, inputmode?: string, placeholder?: string,
 *   was?: string | undefined, edit: (row: Row, edit: Partial<Texts>) => void
 * }} props  `was`: what is saved, where it differs
 */
function TextField({ row, field, label, inputmode, placeholder, was, edit }) {
  const id = `${row.saved ? "prize" : "new"}-${row.key}-${field}`;
  const mistake = row.mistakes[field];
  return html`<div class=${field}>
    <label for=${id}>${label}</label>
    <input
      id=${id}
      value=${row.texts[field]}
      inputmode=${inputmode}
      placeholder=${placeholder}
      autocomplete="off"
      spellcheck=${field === "title"}
      aria-invalid=${mistake ? "true" : undefined}
      aria-describedby=${`${id}-hint`}
      onInput=${(/** @type {InputEvent} */ { currentTarget }) =>
        edit(row, {
          [field]: /** @type {HTMLInputElement} */ (currentTarget).value,
        })}
    />
    <small id=${`${id}-hint`} class="hint">
      ${mistake && html`<span class="mistake">${mistake}</span> `}
      ${was !== undefined && html`<span>saved: ${was}</span>`}
    </small>
  </div>`;
}
