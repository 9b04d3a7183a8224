import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { keptReceipts } from "../receipts.js";
import { useDays } from "./days.js";

/** A receipt is short; whatever is longer is another file. */
const LONGEST = 100_000;

/**
 * What is to be checked: a receipt or a day, and by whose key.
 *
 * @param {{ start: (task: import("./run.js").Task) => void, busy: boolean }} props
 */
export function Choose({ start, busy }) {
  const [text, setText] = useState("");
  const [pinned, setPinned] = useState("");
  const key = pinned.trim() || undefined;

  /** @param {string} text */
  function check(text) {
    setText(text);
    start({ kind: "receipt", text, pinned: key });
  }

  useEffect(() => {
    const id = location.hash.slice(1);
    const kept = keptReceipts().find((it) => it.id === id);
    if (kept) check(JSON.stringify(kept.receipt, null, 2));
  }, []);

  return html`
    <div class="ways">
      <${ReceiptForm} text=${text} setText=${setText} check=${check} busy=${busy} />
      <${DayForm} pick=${(/** @type {{ campaign: string, day: string }} */ day) => start({ kind: "day", ...day, pinned: key })} busy=${busy} />
    </div>
    <details class="key">
      <summary>By which key? (optional)</summary>
      <label for="key">Verifier key that you know from elsewhere</label>
      <input id="key" autocomplete="off" autocapitalize="off" spellcheck=${false} placeholder="lucky-draw+0123abcd+AbCd…"
        value=${pinned} aria-describedby="key-hint" onInput=${(/** @type {InputEvent & { currentTarget: HTMLInputElement }} */ event) => setPinned(event.currentTarget.value)} />
      <small id="key-hint" class="quiet">From the rules of the promotion, an auditor or an earlier day. Left empty, the key comes from this server.</small>
    </details>
  `;
}

/** @param {{ text: string, setText: (text: string) => void, check: (text: string) => void, busy: boolean }} props */
function ReceiptForm({ text, setText, check, busy }) {
  const [over, setOver] = useState(false);
  const [mistake, setMistake] = useState("");
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const kept = keptReceipts();

  /** @param {File | undefined} file */
  async function take(file) {
    if (!file) return;
    if (file.size > LONGEST)
      setMistake("This file is too large for a receipt.");
    else check(await file.text());
  }

  /** @param {DragEvent} event */
  function drop(event) {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer?.files[0]);
  }

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    if (busy) return;
    const typed = field.current?.value ?? "";
    setMistake(typed.trim() ? "" : "Paste a receipt first.");
    if (typed.trim()) check(typed);
    else field.current?.focus();
  }

  return html`<form
    class=${`panel ${over ? "over" : ""}`}
    onSubmit=${submit}
    onDragOver=${(/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(true);
    }}
    onDragLeave=${() => setOver(false)}
    onDrop=${drop}
  >
    <h3>I have a receipt</h3>
    <label for="receipt">Paste it, or drop its file here</label>
    <textarea id="receipt" rows="4" spellcheck=${false} autocapitalize="off" ref=${field} value=${text}
      aria-invalid=${mistake ? "true" : undefined} aria-describedby="receipt-mistake"
      onInput=${(/** @type {InputEvent & { currentTarget: HTMLTextAreaElement }} */ event) => setText(event.currentTarget.value)}></textarea>
    <small id="receipt-mistake" class="mistake" role="alert">${mistake}</small>
    ${
      kept.length > 0 &&
      html`<label for="kept">Or one that this browser keeps</label>
      <select id="kept" onChange=${(
        /** @type {Event & { currentTarget: HTMLSelectElement }} */ event,
      ) => {
        const chosen = kept.find(({ id }) => id === event.currentTarget.value);
        if (chosen) setText(JSON.stringify(chosen.receipt, null, 2));
      }}>
        <option value="">Choose…</option>
        ${kept.map(({ id, username, at }) => html`<option key=${id} value=${id}>${username}, ${new Date(at).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })}</option>`)}
      </select>`
    }
    <button type="submit" aria-disabled=${busy ? "true" : undefined}>Check this draw</button>
  </form>`;
}

/** @param {{ pick: (day: { campaign: string, day: string }) => void, busy: boolean }} props */
function DayForm({ pick, busy }) {
  const { days, sentence } = useDays();
  const [campaign, setCampaign] = useState(
    () => new URLSearchParams(location.search).get("campaign") ?? "",
  );
  const campaigns = [...new Set(days.map((it) => it.campaign))];
  const chosen = campaigns.includes(campaign) ? campaign : (campaigns[0] ?? "");
  const its = days.filter((it) => it.campaign === chosen);

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const day = String(new FormData(form).get("day") ?? "");
    if (!busy && day) pick({ campaign: chosen, day });
  }

  return html`<form class="panel" onSubmit=${submit}>
    <h3>A whole day</h3>
    ${
      its.length === 0
        ? html`<p role="status">${sentence}</p>`
        : html`
          ${
            campaigns.length > 1 &&
            html`<label for="campaign">Promotion</label>
            <select id="campaign" value=${chosen} onChange=${(/** @type {Event & { currentTarget: HTMLSelectElement }} */ event) => setCampaign(event.currentTarget.value)}>
              ${campaigns.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}
            </select>`
          }
          <label for="day">Day</label>
          <select id="day" name="day" key=${chosen}>
            ${its.map(({ day, isClosed }) => html`<option key=${day} value=${day}>${dayName(day)}${isClosed ? "" : " (not over yet)"}</option>`)}
          </select>
          <p class="quiet">Every draw of that day is computed again. It takes some seconds.</p>
          <button type="submit" aria-disabled=${busy ? "true" : undefined}>Check this day</button>`
    }
  </form>`;
}

/** @param {string} day */
export function dayName(day) {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString("en", {
    dateStyle: "full",
    timeZone: "UTC",
  });
}
