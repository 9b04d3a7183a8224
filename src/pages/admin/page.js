import { render } from "preact";
import { useMemo, useState } from "preact/hooks";
import { html } from "../html.js";
import { Dashboard } from "./dashboard.js";
import { keepAdministrator, keptAdministrator } from "./session.js";
import { SignIn } from "./sign-in.js";

/** @typedef {import("./session.js").Administrator} Administrator */

function Page() {
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

  return session
    ? html`<${Dashboard} session=${session} />`
    : html`<${SignIn} sentence=${sentence} enter=${change} />`;
}

const place = /** @type {HTMLElement} */ (document.getElementById("page"));
place.replaceChildren();
render(html`<${Page} />`, place);
