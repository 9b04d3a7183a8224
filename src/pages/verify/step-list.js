import { html } from "../html.js";
import { counted, number, STATES, STEPS } from "./words.js";

/**
 * Every step with its mark; why it matters and what was found is one tap away. One that is wrong is open.
 *
 * @param {{ steps: import("./check/steps.js").Step[] }} props
 */
export function StepList({ steps }) {
  return html`<ol class="steps">
    ${steps.map((step) => html`<${Item} key=${step.id} step=${step} />`)}
  </ol>`;
}

/** @param {{ step: import("./check/steps.js").Step }} props */
function Item({ step: { id, state, said, where, more } }) {
  const { title, why } = STEPS[id] ?? { title: id, why: "" };
  const [mark, word] = STATES[state];
  return html`<li class=${state} data-step=${id}>
    <details open=${state === "wrong"}>
      <summary>
        <span class="mark" aria-hidden="true">${mark}</span>
        <span class="title">${title}<span class="unseen">: ${word}</span></span>
      </summary>
      <p>${why}</p>
      ${said && html`<p class="said">${said}</p>`}
      ${where?.text && html`<p class="quiet">${where.file}, line ${number(where.line)}:</p><pre tabindex="0">${where.text}</pre>`}
      ${more && html`<p>And ${counted(more, "more line")} after it.</p>`}
    </details>
  </li>`;
}
