import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { useCampaigns } from "./campaigns.js";
import { Editor } from "./editor.js";
import { History } from "./history.js";
import { useLive } from "./live.js";
import { Rules } from "./rules.js";
import { Switcher } from "./switcher.js";
import { Today } from "./today.js";
import { Winners } from "./winners.js";

/** The views: what their link says, by what stands after the `#`. */
const VIEWS = {
  today: "Today",
  prizes: "Prizes",
  winners: "Winners",
  rules: "Rules",
  history: "History",
};

/** @typedef {keyof typeof VIEWS} View */

/**
 * All that a signed-in administrator sees. Views that are not looked at keep what was typed into them.
 *
 * @param {{ session: import("./session.js").Session }} props
 */
export function Dashboard({ session }) {
  const view = useView();
  const live = useLive(session);
  const { figures } = live;
  const date = figures?.date;
  const campaigns = useCampaigns(session);

  return html`
    <${Switcher} campaigns=${campaigns.table?.campaigns} />
    <nav class="views" aria-label="Campaign">
      <ul>
        ${Object.entries(VIEWS).map(
          ([name, title]) => html`<li key=${name}>
            <a href=${`#${name}`} aria-current=${name === view ? "page" : undefined}>${title}</a>
          </li>`,
        )}
      </ul>
      <button type="button" class="plain sign-out" onClick=${() => session.signOut()}>Sign out</button>
    </nav>
    <section hidden=${view !== "today"} aria-labelledby="today-title">
      <${Today} live=${live} shown=${view === "today"} />
    </section>
    <section hidden=${view !== "prizes"} aria-labelledby="prizes-title">
      <${Editor} session=${session} live=${figures?.prizes ?? undefined} />
    </section>
    <section hidden=${view !== "winners"} aria-labelledby="winners-title">
      <${Winners} session=${session} today=${date} />
    </section>
    <section hidden=${view !== "rules"} aria-labelledby="rules-title">
      <${Rules} session=${session} campaigns=${campaigns} />
    </section>
    <section hidden=${view !== "history"} aria-labelledby="history-title">
      <${History} session=${session} shown=${view === "history"} />
    </section>
  `;
}

function useView() {
  const [view, setView] = useState(currentView);
  useEffect(() => {
    const turn = () => {
      setView(currentView());
      scrollTo(0, 0);
    };
    addEventListener("hashchange", turn);
    return () => removeEventListener("hashchange", turn);
  }, []);
  return view;
}

/** @returns {View} */
function currentView() {
  const name = location.hash.slice(1);
  return name in VIEWS ? /** @type {View} */ (name) : "today";
}
