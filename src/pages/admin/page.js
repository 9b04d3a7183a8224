import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { html } from "../html.js";
import { startAgain } from "../start-again.js";
import { keepAdministrator, keptAdministrator } from "./session.js";
import { SignIn } from "./sign-in.js";

/** @typedef {import("./session.js").Administrator} Administrator */

function Page() {
  const dashboard = useDashboard();
  const [administrator, setAdministrator] = useState(keptAdministrator);
  const [sentence, setSentence] = useState(
    /** @type {string | undefined} */ (undefined),
  );

  /** @param {Administrator | undefined} administrator @param {string} [sentence] */
  function change(administrator, sentence) {
    keepAdministrator(administrator);
    setAdministrator(administrator);
    setSentence(sentence);
  }

  const session = useMemo(
    () =>
      administrator && {
        ...administrator,
        signOut: (/** @type {string | undefined} */ sentence) =>
          change(undefined, sentence),
      },
    [administrator],
  );

  if (!session) return html`<${SignIn} sentence=${sentence} enter=${change} />`;
  if (!dashboard) return html`<p aria-busy="true">Loading…</p>`;
  return html`<${dashboard.Dashboard} session=${session} />`;
}

/** All behind the sign-in, which need not wait for it. */
function useDashboard() {
  const [dashboard, setDashboard] = useState(
    /** @type {typeof import("./dashboard.js") | undefined} */ (undefined),
  );
  useEffect(() => {
    import("./dashboard.js").then(setDashboard, startAgain);
  }, []);
  return dashboard;
}

const place = /** @type {HTMLElement} */ (document.getElementById("page"));
place.replaceChildren();
render(html`<${Page} />`, place);
