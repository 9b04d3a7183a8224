import { render } from "preact";
import { html } from "../html.js";
import { About } from "./about.js";
import { Choose } from "./choose.js";
import { Result } from "./result.js";
import { useCheck } from "./run.js";

function Page() {
  const { check, start, find } = useCheck();
  return html`
    <section class="intro" aria-labelledby="intro">
      <h2 id="intro">Check the draws</h2>
      <p>
        You need not believe that the draws were fair: here your own browser computes it from what was published. It asks this
        server for the files, and does not take its word for anything in them.${" "}<a href="#about">What this shows, and what it can’t</a>
      </p>
    </section>
    <${Choose} start=${start} busy=${check.state === "running"} />
    ${check.state !== "none" && html`<${Result} check=${check} start=${start} find=${find} />`}
    <${About} />
  `;
}

const place = /** @type {HTMLElement} */ (document.getElementById("page"));
place.replaceChildren();
render(html`<${Page} />`, place);
// The page's parts were not there yet when the browser looked for the one that the address names.
if (location.hash === "#about") {
  document.getElementById("about")?.scrollIntoView();
}
