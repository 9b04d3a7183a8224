import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { OddsBar } from "./odds-bar.js";
import { clock } from "./words.js";

/** Looks for a person in the day that was checked. @param {{ names: "sealed" | "open", find: (whom: { p: string } | { name: string }) => void }} props */
export function LookUp({ names, find }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [mistake, setMistake] = useState("");
  const isOpen = names === "open";

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    const text = (field.current?.value ?? "").normalize("NFKC").trim();
    const isOne = isOpen ? text !== "" : /^[0-9a-f]{32}$/.test(text);
    setMistake(
      isOne
        ? ""
        : isOpen
          ? "Type a name."
          : "These are 32 characters, 0 to 9 and a to f.",
    );
    if (!isOne) field.current?.focus();
    else find(isOpen ? { name: text } : { p: text });
  }

  return html`<form class="panel look-up" onSubmit=${submit}>
    <h3>How was one draw decided?</h3>
    ${
      !isOpen &&
      html`<p id="sealed">Names are sealed: the log has 32 characters in the place of each name, so that nobody can read from it who drew. Which are
      yours stands in your receipt. Whether they belong to your name only the operator and an auditor with their key can tell.</p>`
    }
    <label for="whom">${isOpen ? "Name" : "The 32 characters in the place of a name"}</label>
    <input id="whom" autocomplete="off" autocapitalize="off" spellcheck=${false} ref=${field}
      aria-invalid=${mistake ? "true" : undefined} aria-describedby="whom-mistake" />
    <small id="whom-mistake" class="mistake" role="alert">${mistake}</small>
    <button type="submit">Show it</button>
  </form>`;
}

/** @param {{ found: { p: string, draws: import("./run.js").Explained[] }, report: import("./run.js").Report, titleOf: (id: string) => string }} props */
export function Draws({ found, report, titleOf }) {
  const { draws } = found;
  return html`<section class="draws" aria-label="Draws that were found" role="status">
    ${draws.length === 0 && html`<p class="note">Nobody of that name drew on this day.</p>`}
    ${draws.map(
      (draw) => html`<article key=${draw.line} class="panel">
        <h3>${draws.length > 1 || draw.no !== "1" ? `Draw ${draw.no}, ` : "Drawn "}${clock(draw.at)}</h3>
        <${OddsBar} draw=${draw} isClosed=${report.isClosed} titleOf=${titleOf} />
      </article>`,
    )}
  </section>`;
}
